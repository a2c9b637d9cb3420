package dev.tare.jobs.model;

import dev.tare.engine.model.ModelFile;
import dev.tare.engine.onnx.ModelWriter;
import dev.tare.engine.onnx.OnnxModel;
import dev.tare.engine.onnx.SessionModel;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;

/** Writes models that only this machine opens, and only for a while. */
public final class LocalModel {

  private LocalModel() {}

  /**
   * Writes a model that was made from another, in the form that a session takes.
   *
   * @param file where to write it; a second file for data takes this name with {@code .data} behind
   * @param origin folder of the model that it was made from, whose data files it goes on using: a
   *     copy of them for each change would fill the disk
   */
  public static ModelFile write(OnnxModel model, Path file, Path origin) throws IOException {
    SessionModel session = SessionModel.of(model);
    return writeAsIs(session.model(), file, origin).with(session.aliases());
  }

  private static ModelFile writeAsIs(OnnxModel model, Path file, Path origin) throws IOException {
    try (OutputStream out = Files.newOutputStream(file)) {
      if (ModelWriter.canRefer(model)) {
        ModelWriter.writeReferring(model, out);
        return ModelFile.withDataIn(file, origin);
      }
      if (ModelWriter.fitsOneFile(model)) {
        model.writeTo(out);
        return ModelFile.of(file);
      }
      Path dataFile = dataFile(file);
      try (OutputStream data = Files.newOutputStream(dataFile)) {
        ModelWriter.writeSplit(model, out, dataFile.getFileName().toString(), data);
      }
      return ModelFile.of(file);
    }
  }

  /** Where {@link #write} puts data that the model's file cannot hold. */
  static Path dataFile(Path file) {
    return file.resolveSibling(file.getFileName() + ".data");
  }

  /** Deletes what {@link #write} wrote. */
  public static void delete(Path file) throws IOException {
    Files.deleteIfExists(dataFile(file));
    Files.deleteIfExists(file);
  }
}
