package dev.tare.engine.infer;

import java.util.List;
import java.util.Set;
import java.util.SortedMap;
import java.util.SortedSet;

/**
 * A model that a runtime has loaded, with named tensors in and out.
 *
 * <p>Thread-safe: tasks of one JVM share it, each through a {@link Runner} of its own.
 */
public interface Session extends AutoCloseable {

  /** All inputs of the model as the runtime sees them, under the names that callers use. */
  Set<String> inputs();

  /** Outputs of type float32: those that can be observed. */
  SortedSet<String> floatOutputs();

  /** Outputs of any other type. */
  SortedSet<String> otherOutputs();

  /** Outputs whose values can be compared with another model's, and what they are. */
  SortedMap<String, OutputKind> comparableOutputs();

  /**
   * A runner that reads some outputs; one per thread.
   *
   * @throws IllegalArgumentException if one is no float32 output of the model
   */
  Runner runner(List<String> outputs);

  /**
   * A runner that reads outputs of any kind; one per thread. Those that are no float32 tensors are
   * copied.
   *
   * @throws IllegalArgumentException if one is not among {@link #comparableOutputs}
   */
  Runner comparing(List<String> outputs);

  /**
   * Lets go of the model; runners of it cannot be used any more.
   *
   * @throws InferenceException if the runtime cannot
   */
  @Override
  void close();
}
