package dev.tare.jobs.quantize;

import dev.tare.engine.onnx.ModelWriter;
import dev.tare.engine.onnx.OnnxModel;
import dev.tare.jobs.artifact.Part;
import java.io.IOException;
import java.io.OutputStream;

/** Where parts of a run that are files are written. */
public interface PartSink {

  /** Opens a part; the caller closes it. */
  OutputStream create(Part part) throws IOException;

  /** Writes a model: as one file, or as two where it has more than 2 GiB. */
  default void write(OnnxModel model) throws IOException {
    try (OutputStream out = create(Part.MODEL)) {
      if (ModelWriter.fitsOneFile(model)) {
        model.writeTo(out);
        return;
      }
      try (OutputStream data = create(Part.MODEL_DATA)) {
        ModelWriter.writeSplit(model, out, Part.MODEL_DATA.fileName(), data);
      }
    }
  }
}
