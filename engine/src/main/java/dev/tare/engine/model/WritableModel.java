package dev.tare.engine.model;

import java.io.IOException;
import java.nio.file.Path;

/** A model that can be written in its format. Immutable. */
public interface WritableModel {

  /** How messages call the model, such as the file name of the one that it was made from. */
  String name();

  /**
   * Writes the model to be kept: equal models give equal bytes. The model's own file is {@code
   * stem.EXT}, EXT being the format's, without a dot; further ones, if one file cannot hold the
   * model, are {@code stem.EXT.ANYTHING}. A format with {@link ModelFormat#nameInFolder} writes
   * {@code stem/NAME} instead, for any names of files.
   *
   * @param stem first part of the names
   * @throws InvalidModelException if the format cannot represent it
   */
  void write(String stem, ModelSink files) throws IOException;

  /**
   * Writes the model for sessions on this machine, and only for a while: the form may differ from
   * that of {@link #write}.
   *
   * @param folder where to write; an empty one, whose owner deletes it
   * @param origin folder of the model that it was made from; it may refer to the data files there,
   *     since a copy of them for each change would fill the disk
   */
  ModelFile writeLocal(Path folder, Path origin) throws IOException;
}
