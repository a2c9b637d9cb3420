package dev.tare.engine.infer.ort;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tare.engine.infer.InferenceOptions;
import dev.tare.engine.infer.Runner;
import dev.tare.engine.infer.Session;
import dev.tare.engine.onnx.proto.TensorProto;
import dev.tare.engine.tensor.DType;
import dev.tare.engine.tensor.Sample;
import dev.tare.engine.tensor.Shape;
import dev.tare.engine.tensor.Tensor;
import dev.tare.testkit.Models;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PinnedOutputTest {

  private static final List<String> OUTPUTS = List.of("x", "same", "relu", "copy");

  @TempDir Path folder;

  /** x[n, 2], its Identity, its Relu and the Identity of that, all of them outputs. */
  private Session inference() throws IOException {
    byte[] bytes =
        Models.opset(13)
            .input("x", "n", 2)
            .node("Identity", "x", "same")
            .node("Relu", "x", "relu")
            .node("Identity", "relu", "copy")
            .output("x", TensorProto.DataType.FLOAT, "n", 2)
            .output("same", TensorProto.DataType.FLOAT, "n", 2)
            .output("relu", TensorProto.DataType.FLOAT, "n", 2)
            .output("copy", TensorProto.DataType.FLOAT, "n", 2)
            .bytes();
    Path model = Files.write(folder.resolve("model.onnx"), bytes);
    return OrtRuntime.INSTANCE.open(model, InferenceOptions.of(1));
  }

  private static Sample sample(float a, float b) {
    ByteBuffer bytes = ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN);
    bytes.putFloat(a).putFloat(b).flip();
    return new Sample(new TreeMap<>(Map.of("x", Tensor.of(DType.FLOAT32, Shape.of(2), bytes))));
  }

  @Test
  void everyRunOfAShapeYieldsTheValuesOfItsOwnSample() throws IOException {
    try (Session inference = inference()) {
      Runner runner = inference.runner(OUTPUTS);
      for (int run = 1; run <= 4; run++) {
        Map<String, List<Float>> seen = new TreeMap<>();
        runner.run(
            List.of(sample(run, -run), sample(-2 * run, 3 * run)),
            (tensor, floats, shape) -> {
              assertThat(shape).isEqualTo(Shape.of(2, 2));
              FloatBuffer values = floats.asFloatBuffer();
              List<Float> list = new ArrayList<>();
              while (values.hasRemaining()) {
                list.add(values.get());
              }
              seen.put(tensor, list);
            });
        float r = run;
        assertThat(seen.get("x")).as("run %d", run).containsExactly(r, -r, -2 * r, 3 * r);
        assertThat(seen.get("same")).as("run %d", run).containsExactly(r, -r, -2 * r, 3 * r);
        assertThat(seen.get("relu")).as("run %d", run).containsExactly(r, 0f, 0f, 3 * r);
        assertThat(seen.get("copy")).as("run %d", run).containsExactly(r, 0f, 0f, 3 * r);
      }
    }
  }
}
