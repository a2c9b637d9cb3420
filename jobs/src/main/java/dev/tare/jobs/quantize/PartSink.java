package dev.tare.jobs.quantize;

import dev.tare.engine.model.WritableModel;
import dev.tare.jobs.artifact.Part;
import java.io.IOException;
import java.io.OutputStream;

/** Where parts of a run that are files are written. */
public interface PartSink {

  /** What the files of a model are called before the first dot. */
  String STEM = "model";

  /** Opens a part; the caller closes it. */
  OutputStream create(Part part) throws IOException;

  /** Writes a model as the files that its format makes of it. */
  default void write(WritableModel model) throws IOException {
    model.write(
        STEM,
        name ->
            create(
                Part.named(name)
                    .orElseThrow(() -> new IllegalStateException("No part of a run: " + name))));
  }
}
