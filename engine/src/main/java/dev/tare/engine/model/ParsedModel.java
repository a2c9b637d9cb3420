package dev.tare.engine.model;

import java.io.IOException;
import java.nio.file.Path;

/** A model's own file, parsed and checked; data in files beside it is not there yet. */
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
