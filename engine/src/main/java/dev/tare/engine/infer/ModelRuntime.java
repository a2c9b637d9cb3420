package dev.tare.engine.infer;

import dev.tare.engine.model.ModelFile;
import dev.tare.engine.observe.CodeProducts;
import dev.tare.engine.observe.PlainCodeProducts;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Consumer;

/** A runtime that runs float models: calibration only needs its sessions. Thread-safe. */
public interface ModelRuntime {

  /**
   * Loads a model.
   *
   * @throws InferenceException if the runtime cannot load it
   */
  Session open(ModelFile model, InferenceOptions options);

  /**
   * Loads a model with all its data in the file or in its folder.
   *
   * @throws InferenceException if the runtime cannot load it
   */
  default Session open(Path model, InferenceOptions options) {
    return open(ModelFile.of(model), options);
  }

  /**
   * Returns what multiplies codes fastest on this machine.
   *
   * @param threads that it may use
   * @throws InferenceException if the runtime cannot load it
   */
  default CodeProducts codeProducts(int threads) {
    return new PlainCodeProducts();
  }

  /**
   * Loads a model with the runtime's profiler, and releases it again.
   *
   * @param work runs the model, at least once
   * @return times of its operators, in the order in which they ran first; empty if this runtime has
   *     no profiler
   * @throws InferenceException if the runtime cannot load it, or its profile cannot be read
   */
  default List<OperatorTime> profile(
      ModelFile model, InferenceOptions options, Consumer<Session> work) {
    return List.of();
  }

  /** How messages call it. */
  String name();

  /** Returns the runtime's version, on which statistics depend. */
  String version();
}
