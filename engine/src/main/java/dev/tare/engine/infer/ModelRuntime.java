package dev.tare.engine.infer;

import dev.tare.engine.model.ModelFile;
import java.nio.file.Path;

/** What runs float models: calibration needs nothing else of it than sessions. Thread-safe. */
public interface ModelRuntime {

  /**
   * Loads a model.
   *
   * @throws InferenceException if the runtime cannot load it
   */
  Session open(ModelFile model, InferenceOptions options);

  /**
   * Loads a model with all its data in itself, or beside it.
   *
   * @throws InferenceException if the runtime cannot load it
   */
  default Session open(Path model, InferenceOptions options) {
    return open(ModelFile.of(model), options);
  }

  /** How messages call it. */
  String name();

  /** The runtime's version: statistics depend on it. */
  String version();
}
