package dev.tare.jobs.checkpoint;

import static dev.tare.jobs.run.CommandLine.gaussian;
import static dev.tare.jobs.run.CommandLine.tare;

import dev.tare.engine.onnx.proto.TensorProto;
import dev.tare.engine.safetensors.ElementType;
import dev.tare.engine.safetensors.TensorSpec;
import dev.tare.engine.tensor.Shape;
import dev.tare.jobs.run.CommandLine;
import dev.tare.testkit.Models;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.List;

/** A checkpoint of two linear layers, and the ONNX model that an exporter makes of it. */
final class GraphCheckpoints {

  static final String UP = "model.up_proj.weight";
  static final String DOWN = "model.down_proj.weight";
  static final List<TensorSpec> TENSORS =
      List.of(spec(UP, 96, 64), spec(DOWN, 34, 96), spec("model.norm.weight", 64), head());

  private GraphCheckpoints() {}

  private static TensorSpec head() {
    return spec("lm_head.weight", 96, 64);
  }

  private static TensorSpec spec(String name, long... shape) {
    return new TensorSpec(name, ElementType.BF16, Shape.of(shape));
  }

  /** The values of a tensor, which follow from its name. */
  static float[] values(int tensor) {
    ByteBuffer bytes =
        ByteBuffer.wrap(SmallCheckpoint.bytes(TENSORS.get(tensor))).order(ByteOrder.LITTLE_ENDIAN);
    float[] values = new float[bytes.capacity() / 2];
    for (int i = 0; i < values.length; i++) {
      values[i] = Float.intBitsToFloat(bytes.getShort(2 * i) << 16);
    }
    return values;
  }

  /** A product with a transposed weight, of a name that says nothing, and one that transposes. */
  static Path model(Path folder) throws IOException {
    float[] up = values(0);
    float[] transposed = new float[up.length];
    for (int i = 0; i < up.length; i++) {
      transposed[i % 64 * 96 + i / 64] = up[i];
    }
    return Path.of(
        Models.exported(13)
            .input("x", TensorProto.DataType.FLOAT, "batch", 64)
            .constant(Models.floats("onnx::MatMul_7", transposed, 64, 96))
            .constant(Models.floats("fc.weight", values(1), 34, 96))
            .constant(Models.floats("fc.bias", new float[34], 34))
            .node("MatMul", "up", List.of("x", "onnx::MatMul_7"), "a")
            .node("Relu", "relu", List.of("a"), "b")
            .node(
                "Gemm",
                "down",
                List.of("b", "fc.weight", "fc.bias"),
                "y",
                Models.integer("transB", 1))
            .output("y", TensorProto.DataType.FLOAT, "batch", 34)
            .write(folder.resolve("model.onnx")));
  }

  /** A run of all stages. */
  static Path run(Path folder, Path model, String recipe) {
    Path data = folder.resolve("data");
    if (!data.toFile().exists()) {
      CommandLine.write(data, "x array<float>", gaussian(40, 64, 3));
    }
    Path run = folder.resolve(recipe);
    tare(
            "run",
            "--model",
            model.toString(),
            "--data",
            data.toString(),
            "--recipe",
            recipe,
            "--output",
            run.toString())
        .ends(0);
    return run;
  }
}
