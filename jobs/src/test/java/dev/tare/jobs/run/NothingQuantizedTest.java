package dev.tare.jobs.run;

import static dev.tare.jobs.run.CommandLine.gaussian;
import static dev.tare.jobs.run.CommandLine.json;
import static dev.tare.jobs.run.CommandLine.planned;
import static dev.tare.jobs.run.CommandLine.tare;
import static dev.tare.jobs.run.CommandLine.tareAlone;
import static dev.tare.jobs.run.CommandLine.write;
import static org.assertj.core.api.Assertions.assertThat;

import dev.tare.engine.onnx.proto.TensorProto;
import dev.tare.testkit.Models;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Models whose only product cannot be quantized come out in float, with the reason said aloud. */
@Tag("slow")
class NothingQuantizedTest {

  @TempDir Path folder;

  private String model(float weight, float bias) throws IOException {
    float[] weights = new float[24];
    Arrays.fill(weights, .25f);
    weights[5] = weight;
    return Models.exported(17)
        .input("x", TensorProto.DataType.FLOAT, "batch", 6)
        .constant(Models.floats("w", weights, 6, 4))
        .constant(Models.floats("b", new float[] {bias, 1, 2, 3}, 4))
        .node("Gemm", "only", List.of("x", "w", "b"), "h")
        .node("Sigmoid", "sigmoid", List.of("h"), "y")
        .output("y", TensorProto.DataType.FLOAT, "batch", 4)
        .write(folder.resolve("model.onnx"));
  }

  private CommandLine.Result run(String model, Path run) {
    return tare(
        "run",
        "--model",
        model,
        "--data",
        write(folder.resolve("data"), "x array<float>", gaussian(40, 6, 1)),
        "--output",
        run.toString(),
        "--min-cosine",
        "-1");
  }

  @ParameterizedTest
  @ValueSource(floats = {Float.NaN, Float.NEGATIVE_INFINITY})
  void biasOfTheOnlyProduct(float bias) throws IOException {
    Path run = folder.resolve("run");
    CommandLine.Result result = run(model(.5f, bias), run).ends(0);
    assertThat(result.err())
        .contains(
            "Warning: no weight of model.onnx can be quantized, what comes out computes in float")
        .contains("'b': it ");
    assertThat(planned(run, "w").path("reason").asText()).contains("its bias 'b' stays float");
    assertThat(planned(run, "b").path("reason").asText()).startsWith("it ");
    assertThat(json(run.resolve("manifest.json")).toString()).contains("no weight of model.onnx");
  }

  @Test
  void everyOtherCommandReadsSuchARun() throws IOException {
    String model = model(Float.NaN, 0);
    String run = folder.resolve("run").toString();
    assertThat(run(model, Path.of(run)).ends(0).err()).contains("'w': the weight contains NaN");
    tareAlone("verify", run).ends(0);
    tareAlone("inspect", run).ends(0);
    tare("report", run, "--out", folder.resolve("report.html").toString()).ends(0);
    Path floats = folder.resolve("floats");
    tare("dequantize", run, "--output", floats.toString()).ends(0);
    assertThat(floats.resolve("model.onnx")).exists();
  }
}
