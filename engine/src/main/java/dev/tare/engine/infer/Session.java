package dev.tare.engine.infer;

import java.util.List;
import java.util.Set;
import java.util.SortedMap;
import java.util.SortedSet;

/**
 * A model loaded by a runtime, with named inputs and outputs.
 *
 * <p>Thread-safe: tasks of one JVM share it, each with its own {@link Runner}.
 */
public interface Session extends AutoCloseable {

  /** Returns all inputs of the model, by the names that callers use. */
  Set<String> inputs();

  /** Returns the float32 outputs, which can be observed. */
  SortedSet<String> floatOutputs();

  /** Returns the outputs of any other type. */
  SortedSet<String> otherOutputs();

  /** Returns the outputs that can be compared with another model's, with their kinds. */
  SortedMap<String, OutputKind> comparableOutputs();

  /**
   * Creates a runner that reads some float32 outputs; use one per thread.
   *
   * @throws IllegalArgumentException if one is not a float32 output of the model
   */
  Runner runner(List<String> outputs);

  /**
   * Creates a runner that reads outputs of any kind; use one per thread. Outputs other than float32
   * tensors are copied.
   *
   * @throws IllegalArgumentException if one is not among {@link #comparableOutputs}
   */
  Runner comparing(List<String> outputs);

  /**
   * Releases the model; its runners cannot be used any more.
   *
   * @throws InferenceException if the runtime cannot release it
   */
  @Override
  void close();
}
