package dev.tare.jobs.evaluate;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.tare.engine.infer.BatchAxes;
import dev.tare.engine.model.FloatModel;
import dev.tare.engine.model.TensorInfo;
import dev.tare.engine.tensor.DType;
import dev.tare.engine.tensor.Dim;
import dev.tare.engine.tensor.Sample;
import dev.tare.engine.tensor.Tensor;
import dev.tare.jobs.TareException;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;

/** Samples as files that numpy reads. */
final class SampleFiles {

  private SampleFiles() {}

  /**
   * Writes the inputs of each sample to a file, and what to read to key {@code samples} of a job:
   * for each input its file, type, and shape with a batch dimension of 1 at {@code axis}, which is
   * absent for an input without one.
   */
  static void put(ObjectNode job, FloatModel model, List<Sample> samples, Path folder)
      throws IOException {
    Map<String, List<Dim>> dims = new HashMap<>();
    for (TensorInfo input : model.inputs()) {
      input.dims().ifPresent(known -> dims.put(input.name(), known));
    }
    SortedMap<String, Integer> axes = BatchAxes.of(dims);
    ArrayNode all = job.putArray("samples");
    for (int n = 0; n < samples.size(); n++) {
      ObjectNode sample = all.addObject();
      for (Map.Entry<String, Tensor> entry : samples.get(n).inputs().entrySet()) {
        Tensor tensor = entry.getValue();
        Path file = folder.resolve(n + "-" + sample.size() + ".in");
        try (FileChannel out =
            FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
          out.write(tensor.bytes());
        }
        ObjectNode input = sample.putObject(entry.getKey());
        input.put("file", file.toString());
        input.put("dtype", numpy(tensor.dtype()));
        List<Long> shape = new ArrayList<>(tensor.shape().dims());
        int axis = axes.getOrDefault(entry.getKey(), 0);
        if (axis != BatchAxes.NONE) {
          input.put("axis", axis);
          shape.add(axis, 1L);
        }
        shape.forEach(input.putArray("shape")::add);
      }
    }
  }

  private static String numpy(DType dtype) {
    return switch (dtype) {
      case FLOAT32 -> "<f4";
      case FLOAT64 -> "<f8";
      case INT64 -> "<i8";
      case INT32 -> "<i4";
      case INT16 -> "<i2";
      case INT8 -> "i1";
      case UINT8 -> "u1";
      case BOOL -> "?";
      default -> throw TareException.badInput("OpenVINO is fed no input of type " + dtype);
    };
  }
}
