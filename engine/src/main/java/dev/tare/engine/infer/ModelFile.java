package dev.tare.engine.infer;

import java.nio.file.Path;
import java.util.Optional;

/**
 * A model as ONNX Runtime opens it.
 *
 * @param file the model
 * @param data folder of the files in which it keeps data, where that is not the folder of {@code
 *     file}
 */
public record ModelFile(Path file, Optional<Path> data) {

  /** A model with all its data in itself, or beside it. */
  public static ModelFile of(Path file) {
    return new ModelFile(file, Optional.empty());
  }

  /** A model that uses data files of another folder. */
  public static ModelFile withDataIn(Path file, Path folder) {
    return new ModelFile(file, Optional.of(folder));
  }
}
