package dev.tare.engine.model;

import java.io.IOException;
import java.io.OutputStream;

/** Where the files of a model are written. */
@FunctionalInterface
public interface ModelSink {

  /**
   * Opens a file in the folder of the model, by its name, or by {@code FOLDER/NAME}; the caller
   * closes it.
   */
  OutputStream create(String fileName) throws IOException;
}
