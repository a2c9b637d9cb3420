package dev.tare.engine.model;

import java.io.IOException;
import java.nio.file.Path;

/** A model's main file, parsed and checked; the data in its other files is not loaded yet. */
public interface ParsedModel {

  ModelLook look();

  /**
   * The model with its data.
   *
   * @param folder where the data files are, if it has any
   * @throws InvalidModelException if a data file is missing, too short, or not what it seems
   */
  FloatModel withDataIn(Path folder) throws IOException;
}
