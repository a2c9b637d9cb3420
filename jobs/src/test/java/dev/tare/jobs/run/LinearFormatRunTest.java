package dev.tare.jobs.run;

import static dev.tare.jobs.run.CommandLine.gaussian;
import static dev.tare.jobs.run.CommandLine.json;
import static dev.tare.jobs.run.CommandLine.tare;
import static dev.tare.jobs.run.CommandLine.tareAlone;
import static dev.tare.jobs.run.CommandLine.write;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import dev.tare.engine.plan.QuantPlan;
import dev.tare.engine.plan.QuantPlanJson;
import dev.tare.engine.plan.TensorPlan;
import dev.tare.engine.recipe.Role;
import dev.tare.jobs.formats.LinearFormat;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import org.apache.spark.sql.Row;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A format that is not ONNX, with a runtime that is not ONNX Runtime, through all stages. */
@Tag("slow")
class LinearFormatRunTest {

  private static final int ROWS = 200;
  private static final int[] WIDTHS = {6, 5, 3};
  private static final double RELATIVE = 1e-5;

  @TempDir static Path shared;

  private static final List<double[]> INPUTS = new ArrayList<>();
  private static final double[][] WEIGHTS = new double[2][];
  private static final double[][] BIASES = new double[2][];
  private static String data;
  private static Path model;

  @BeforeAll
  static void modelAndData() throws IOException {
    Row[] rows = gaussian(ROWS, WIDTHS[0], 3);
    data = write(shared.resolve("data"), "x array<float>", rows);
    for (Row row : rows) {
      INPUTS.add(row.<List<Float>>getAs(0).stream().mapToDouble(Float::doubleValue).toArray());
    }
    Random random = new Random(7);
    for (int layer = 0; layer < 2; layer++) {
      WEIGHTS[layer] = floats(random, WIDTHS[layer] * WIDTHS[layer + 1]);
      BIASES[layer] = floats(random, WIDTHS[layer + 1]);
    }
    model = model("two-layers.json");
  }

  private static double[] floats(Random random, int count) {
    return random.doubles(count, -1, 1).map(value -> (float) value).toArray();
  }

  private static Path model(String name) throws IOException {
    return model(name, false);
  }

  private static Path model(String name, boolean inFolder) throws IOException {
    StringBuilder layers = new StringBuilder();
    for (int i = 0; i < 2; i++) {
      layers
          .append(i == 0 ? "" : ",")
          .append(
              String.format(
                  Locale.ROOT,
                  "{\"name\":\"layer%d\",\"in\":%d,\"out\":%d,\"relu\":%b,",
                  i,
                  WIDTHS[i],
                  WIDTHS[i + 1],
                  i == 0))
          .append("\"weight\":" + array(WEIGHTS[i]) + ",\"bias\":" + array(BIASES[i]) + "}");
    }
    return Files.writeString(
        shared.resolve(name),
        "{\"linear-layers\":["
            + layers
            + "],\"input\":\"x\",\"in-folder\":"
            + inFolder
            + ",\"outputs\":[\"layer1.out\"]}");
  }

  private static String array(double[] values) {
    List<String> texts = new ArrayList<>();
    for (double value : values) {
      texts.add(Float.toString((float) value));
    }
    return texts.toString();
  }

  private static double[] apply(double[] x, double[] weight, double[] bias, boolean relu) {
    double[] y = bias.clone();
    for (int c = 0; c < y.length; c++) {
      for (int k = 0; k < x.length; k++) {
        y[c] += x[k] * weight[k * y.length + c];
      }
      y[c] = relu ? Math.max(0, y[c]) : y[c];
    }
    return y;
  }

  private static List<double[]> hidden() {
    return INPUTS.stream().map(x -> apply(x, WEIGHTS[0], BIASES[0], true)).toList();
  }

  /** Scale and zero point of asymmetric 8 bits over the extremes. */
  private record Affine(double scale, double zeroPoint) {

    static Affine of(List<double[]> rows) {
      double low = 0;
      double high = 0;
      for (double[] row : rows) {
        for (double value : row) {
          low = Math.min(low, value);
          high = Math.max(high, value);
        }
      }
      double scale = (high - low) / 255;
      return new Affine(scale, Math.rint(-low / scale));
    }

    double[] faked(double[] values) {
      double[] faked = new double[values.length];
      for (int i = 0; i < faked.length; i++) {
        double q = Math.rint(values[i] / scale) + zeroPoint;
        faked[i] = (Math.max(0, Math.min(255, q)) - zeroPoint) * scale;
      }
      return faked;
    }
  }

  private static double[] weightScales(int layer) {
    double[] scales = new double[WIDTHS[layer + 1]];
    for (int i = 0; i < WEIGHTS[layer].length; i++) {
      int channel = i % scales.length;
      scales[channel] = Math.max(scales[channel], Math.abs(WEIGHTS[layer][i]) / 127);
    }
    return scales;
  }

  private static double[] fakedWeights(int layer) {
    double[] scales = weightScales(layer);
    double[] faked = new double[WEIGHTS[layer].length];
    for (int i = 0; i < faked.length; i++) {
      double scale = scales[i % scales.length];
      faked[i] = Math.rint(WEIGHTS[layer][i] / scale) * scale;
    }
    return faked;
  }

  private static String folder(String name) {
    return shared.resolve(name).toString();
  }

  private static void assertPlan(Path run) throws IOException {
    QuantPlan plan = QuantPlanJson.parse(Files.readString(run.resolve("plan.json")));
    List<List<double[]>> activations = List.of(INPUTS, hidden());
    for (int layer = 0; layer < 2; layer++) {
      String input = layer == 0 ? "x" : "layer0.out";
      TensorPlan activation = tensor(plan, Role.ACTIVATION, input);
      Affine expected = Affine.of(activations.get(layer));
      assertClose(activation.scales(), expected.scale());
      assertThat(activation.zeroPoints()).containsExactly((int) expected.zeroPoint());
      assertClose(
          tensor(plan, Role.WEIGHT, "layer" + layer + ".weight").scales(), weightScales(layer));
    }
  }

  private static TensorPlan tensor(QuantPlan plan, Role role, String name) {
    return plan.quantized(role).stream()
        .filter(tensor -> tensor.tensor().equals(name))
        .findFirst()
        .orElseThrow();
  }

  private static void assertClose(float[] actual, double... expected) {
    assertThat(actual).hasSameSizeAs(expected);
    for (int i = 0; i < expected.length; i++) {
      assertThat((double) actual[i]).isCloseTo(expected[i], within(RELATIVE * expected[i]));
    }
  }

  /** What the outputs of both models differ by, computed here. */
  private static double expectedSqnrDb() {
    Affine first = Affine.of(INPUTS);
    Affine second = Affine.of(hidden());
    double signal = 0;
    double noise = 0;
    for (double[] x : INPUTS) {
      double[] exact = apply(apply(x, WEIGHTS[0], BIASES[0], true), WEIGHTS[1], BIASES[1], false);
      double[] inner = apply(first.faked(x), fakedWeights(0), BIASES[0], true);
      double[] quantized = apply(second.faked(inner), fakedWeights(1), BIASES[1], false);
      for (int i = 0; i < exact.length; i++) {
        signal += exact[i] * exact[i];
        noise += (exact[i] - quantized[i]) * (exact[i] - quantized[i]);
      }
    }
    return 10 * Math.log10(signal / noise);
  }

  @Test
  void stagesKnowNeitherFormatNorRuntime() throws IOException {
    String place = model.toString();
    tare("calibrate", "--model", place, "--data", data, "--output", folder("s")).ends(0);
    tare("select", "--model", place, "--statistics", folder("s"), "--output", folder("p")).ends(0);
    tare("quantize", "--model", place, "--plan", folder("p"), "--output", folder("q")).ends(0);
    tare(
            "evaluate",
            "--model",
            place,
            "--quantized",
            folder("q"),
            "--data",
            data,
            "--output",
            folder("e"))
        .ends(0);

    assertPlan(shared.resolve("p"));
    JsonNode quality = json(shared.resolve("e/quality.json"));
    assertThat(quality.path("outputs").path(0).path("name").asText()).isEqualTo("layer1.out");
    assertThat(quality.path("outputs").path(0).path("sqnr-db").asDouble())
        .isCloseTo(expectedSqnrDb(), within(0.1))
        .isGreaterThan(30);
    assertThat(json(shared.resolve("s/manifest.json")).toString()).contains("\"0.1\"");
    assertThat(shared.resolve("q/model.linear")).exists();
    assertThat(shared.resolve("q/model.onnx")).doesNotExist();
    tareAlone("verify", folder("q")).ends(0);
    assertThat(tareAlone("inspect", place).ends(0).out()).contains("Gemm 2", "can be quantized");
    // Once for all commands of this process.
    assertThat(LinearFormat.reads("two-layers.json")).isEqualTo(1);
  }

  @Test
  void oneRunReadsEachModelOnce() throws IOException {
    Path counted = model("counted.json");
    Path output = shared.resolve("run");
    int before = LinearFormat.reads("model.linear");
    tare(
            "run",
            "--model",
            counted.toString(),
            "--data",
            data,
            "--eval-data",
            data,
            "--output",
            output.toString())
        .ends(0);

    assertPlan(output);
    assertThat(LinearFormat.reads("counted.json")).isEqualTo(1);
    assertThat(LinearFormat.reads("model.linear")).isLessThanOrEqualTo(before + 1);
    assertThat(json(output.resolve("manifest.json")).path("files").findValuesAsText("path"))
        .contains("model.linear");
  }

  @Test
  void weightsComeBackAsFloats() throws IOException {
    Path output = shared.resolve("all");
    tare("run", "--model", model.toString(), "--data", data, "--output", output.toString()).ends(0);
    tare("dequantize", output.toString(), "--output", folder("back")).ends(0);

    assertThat(Files.readString(shared.resolve("back/model.linear")))
        .contains("codes")
        .doesNotContain("qmin");
  }

  @Test
  void aModelOfNamedFilesIsKeptAsAFolder() throws IOException {
    String place = model("folder.json", true).toString();
    Path run = shared.resolve("in-folder");
    tare("run", "--model", place, "--data", data, "--eval-data", data, "--output", run.toString())
        .ends(0);

    assertThat(json(run.resolve("manifest.json")).path("files").findValuesAsText("path"))
        .contains(
            "model/layer-00001-of-00002.json",
            "model/layer-00002-of-00002.json",
            "model/linear.json")
        .doesNotContain("model.linear");
    assertThat(json(run.resolve("quality.json")).at("/outputs/0/sqnr-db").asDouble())
        .isCloseTo(expectedSqnrDb(), within(0.1));
    tareAlone("verify", run.toString()).ends(0);
    tare(
            "evaluate",
            "--model",
            place,
            "--quantized",
            run.toString(),
            "--data",
            data,
            "--output",
            folder("again"))
        .ends(0);
    Files.writeString(run.resolve("model/layer-00002-of-00002.json"), "{}");
    assertThat(
            tareAlone("verify", run.toString()).ends(3).err()
                + tareAlone("verify", run.toString()).out())
        .contains("model/layer-00002-of-00002.json was changed");
  }
}
