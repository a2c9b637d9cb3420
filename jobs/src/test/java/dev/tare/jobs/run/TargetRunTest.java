package dev.tare.jobs.run;

import static dev.tare.jobs.run.CommandLine.tare;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.tare.engine.export.TensorRtCache;
import dev.tare.engine.onnx.OnnxModel;
import dev.tare.testkit.SmallModels;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** One collection, and what two targets make of it. */
@Tag("slow")
class TargetRunTest {

  private static final String REASON =
      "OpenVINO computes Conv in integers with uint8 or symmetric int8 inputs only, and the recipe"
          + " has asymmetric int8";

  @TempDir static Path shared;
  @TempDir Path folder;

  private static String model;
  private static String data;
  private static String statistics;
  private static String asymmetric;

  @BeforeAll
  static void calibrate() throws IOException {
    model = SmallModels.cnn().write(shared.resolve("model.onnx"));
    data = CommandLine.write(shared.resolve("data"), "image array<array<array<float>>>", images());
    statistics = shared.resolve("statistics").toString();
    tare("calibrate", "--model", model, "--data", data, "--output", statistics).ends(0);
    asymmetric =
        Files.writeString(
                shared.resolve("asymmetric.conf"),
                "include \"int8.conf\"\nactivations.type = int8\n")
            .toString();
  }

  /** Twenty images of three channels of 8 x 8 values. */
  static Row[] images() {
    Random random = new Random(3);
    Row[] rows = new Row[20];
    for (int i = 0; i < rows.length; i++) {
      List<List<List<Float>>> image = new ArrayList<>();
      for (int c = 0; c < 3; c++) {
        List<List<Float>> plane = new ArrayList<>();
        for (int y = 0; y < 8; y++) {
          plane.add(random.doubles(8).mapToObj(value -> (float) value).toList());
        }
        image.add(plane);
      }
      rows[i] = RowFactory.create(image);
    }
    return rows;
  }

  private CommandLine.Result select(Path output, String... more) {
    String[] words = new String[9 + more.length];
    String[] first = {
      "select",
      "--statistics",
      statistics,
      "--model",
      model,
      "--recipe",
      asymmetric,
      "--output",
      output.toString()
    };
    System.arraycopy(first, 0, words, 0, 9);
    System.arraycopy(more, 0, words, 9, more.length);
    return tare(words);
  }

  @Test
  void whatATargetCannotMultiplyStaysFloatWithTheReason() throws IOException {
    Path usual = folder.resolve("default");
    select(usual).ends(0);
    Path openvino = folder.resolve("openvino");
    select(openvino, "--target", "openvino").ends(0);
    assertThat(Files.readString(usual.resolve("plan.json"))).doesNotContain("OpenVINO");
    assertThat(Files.readString(openvino.resolve("plan.json"))).contains(REASON);
    assertThat(CommandLine.spark().read().parquet(openvino.resolve("plan").toString()))
        .satisfies(
            table -> assertThat(table.filter("target <> 'openvino'").count()).isZero(),
            table -> assertThat(table.filter("target = 'openvino'").count()).isPositive());
    assertThat(fact(openvino, "selection")).isEqualTo("openvino");
    assertThat(fact(usual, "selection")).isEqualTo("onnxruntime");
    Path quantized = folder.resolve("quantized");
    quantize(openvino, quantized).ends(0);
    assertThat(fact(quantized, "quantization")).isEqualTo("openvino");
    assertThat(tare("inspect", "--verbose", quantized.toString()).ends(0).out())
        .containsPattern("quantization.target +openvino\\R");
  }

  private static String fact(Path run, String stage) throws IOException {
    return CommandLine.json(run.resolve("manifest.json"))
        .at("/properties/" + stage + "/target")
        .asText();
  }

  private static CommandLine.Result quantize(Path plan, Path output, String... more) {
    List<String> words =
        new ArrayList<>(
            List.of(
                "quantize",
                "--plan",
                plan.toString(),
                "--model",
                model,
                "--output",
                output.toString()));
    words.addAll(List.of(more));
    return tare(words.toArray(String[]::new));
  }

  @Test
  void planIsForOneTarget() throws IOException {
    Path plan = folder.resolve("plan");
    select(plan, "--target", "openvino").ends(0);
    quantize(plan, folder.resolve("same"), "--target", "openvino").ends(0);
    Path other = folder.resolve("other");
    quantize(plan, other, "--target", "onnxruntime")
        .refuses(
            2,
            other,
            "The plan is for target openvino, not onnxruntime: select again with --target"
                + " onnxruntime");
    CommandLine.Result unknown = quantize(plan, folder.resolve("no"), "--target", "tensorflow");
    assertThat(unknown.code()).isEqualTo(2);
    assertThat(unknown.err()).contains("there is no target 'tensorflow'", "onnxruntime, openvino");
  }

  @Test
  void strictRefusesBeforeAnythingRuns() throws IOException {
    Path output = folder.resolve("strict");
    select(output, "--target", "openvino", "--strict")
        .refuses(2, output, "--strict: target openvino cannot follow recipe", REASON);
    select(folder.resolve("other"), "--strict").ends(0);
  }

  @Test
  void unknownTargetIsRefusedWithTheNearest() throws IOException {
    Path output = folder.resolve("unknown");
    assertThat(select(output, "--target", "openvion").code()).isEqualTo(2);
    assertThat(select(output, "--target", "openvion").err())
        .contains("'--target'", "there is no target 'openvion'; nearest is 'openvino'");
  }

  @Test
  void targetThatIsNotHereIsRefusedWithWhatToInstall() throws IOException {
    Path plan = folder.resolve("plan");
    select(plan, "--target", "openvino").ends(0);
    Path quantized = folder.resolve("quantized");
    quantize(plan, quantized).ends(0);
    for (String python : List.of("/bin/false", "no-such-python")) {
      Path output = folder.resolve("quality");
      evaluate(quantized, output, "--target", "openvino", "--python", python)
          .refuses(
              2,
              output,
              "Target openvino is measured by a Python with the package openvino, which '" + python,
              "pip install openvino");
    }
    Path run = folder.resolve("run");
    tare(
            "run",
            "--model",
            model,
            "--data",
            data,
            "--output",
            run.toString(),
            "--target",
            "openvino",
            "--min-cosine",
            "0",
            "--python",
            "/bin/false")
        .ends(0);
    assertThat(CommandLine.json(run.resolve("quality.json")).has("target")).isFalse();
    assertThat(Files.readString(run.resolve("manifest.json")))
        .contains("The model was not compared with what its target computes.");
  }

  @Test
  void onnxRuntimeComputesWhatWasPredicted() throws IOException {
    Path plan = folder.resolve("plan");
    select(plan).ends(0);
    Path quantized = folder.resolve("quantized");
    quantize(plan, quantized).ends(0);
    Path output = folder.resolve("quality");
    CommandLine.Result result = evaluate(quantized, output, "--target", "onnxruntime");
    result.ends(0);
    assertThat(result.out()).contains("target onnxruntime (ONNX Runtime", "dB predicted");
    assertThat(result.err()).doesNotContain("was quantized for target");
    JsonNode target = CommandLine.json(output.resolve("quality.json")).path("target");
    assertThat(target.path("samples").asInt()).isEqualTo(20);
    JsonNode compared = target.path("outputs").get(0);
    assertThat(compared.path("measured-sqnr-db").asDouble())
        .isCloseTo(compared.path("predicted-sqnr-db").asDouble(), Offset.offset(0.5));
  }

  @Test
  void evaluationInAnotherTargetThanThePlansIsSaid() throws IOException {
    Path plan = folder.resolve("plan");
    select(plan, "--target", "openvino").ends(0);
    Path quantized = folder.resolve("quantized");
    quantize(plan, quantized).ends(0);
    assertThat(
            evaluate(quantized, folder.resolve("quality"), "--target", "onnxruntime").ends(0).err())
        .contains(
            "Warning: the model of run quantized was quantized for target openvino, and is"
                + " evaluated in onnxruntime");
  }

  private CommandLine.Result evaluate(Path quantized, Path output, String... more) {
    List<String> words =
        new ArrayList<>(
            List.of(
                "evaluate",
                "--quantized",
                quantized.toString(),
                "--model",
                model,
                "--data",
                data,
                "--output",
                output.toString()));
    words.addAll(List.of(more));
    return tare(words.toArray(String[]::new));
  }

  @Test
  void inspectTellsBeforehand() throws IOException {
    CommandLine.Result result =
        tare("inspect", model, "--target", "openvino", "--recipe", asymmetric);
    result.ends(0);
    assertThat(result.out())
        .contains("for target openvino", "stays float", REASON, " products in integers");
    CommandLine.Result run = tare("inspect", statistics, "--target", "openvino");
    assertThat(run.code()).isEqualTo(2);
    assertThat(run.err()).contains("--target is for a model");
  }

  private static String network() throws IOException {
    return SmallModels.residualCnn().write(shared.resolve("network.onnx"));
  }

  @Test
  void oneCollectionServesAllTargets() throws IOException {
    String network = network();
    Path collected = folder.resolve("collected");
    tare(
            "calibrate",
            "--model",
            network,
            "--data",
            shared.resolve("data").toString(),
            "--target",
            "onnxruntime,openvino",
            "--target",
            "tensorrt",
            "--output",
            collected.toString())
        .ends(0);
    Set<String> contents = new HashSet<>();
    for (String target : List.of("onnxruntime", "openvino", "tensorrt")) {
      Path plan = folder.resolve("plan-" + target);
      tare(
              "select",
              "--statistics",
              collected.toString(),
              "--model",
              network,
              "--target",
              target,
              "--output",
              plan.toString())
          .ends(0);
      contents.add(CommandLine.json(plan.resolve("plan.json")).at("/statistics-sha256").asText());
      Path quantized = folder.resolve(target);
      tare(
              "quantize",
              "--plan",
              plan.toString(),
              "--model",
              network,
              "--output",
              quantized.toString())
          .ends(0);
      Path cache = quantized.resolve("calibration.cache");
      if (target.equals("tensorrt")) {
        assertThat(TensorRtCache.parse(Files.readString(cache)).scales())
            .containsOnlyKeys("image", "r1", "a");
        OnnxModel written =
            OnnxModel.parse(Files.readAllBytes(quantized.resolve("model.onnx")), "");
        assertThat(written.opset()).isEqualTo(19);
        assertThat(written.operatorCounts()).containsEntry("QuantizeLinear", 3);
      } else {
        assertThat(cache).doesNotExist();
      }
    }
    assertThat(contents).hasSize(1).doesNotContain("");
  }

  @Test
  void whatIsObservedIsSaidOnce() {
    CommandLine.Result result =
        tare(
            "calibrate",
            "--model",
            model,
            "--data",
            shared.resolve("data").toString(),
            "--observe",
            "all",
            "--target",
            "openvino",
            "--output",
            folder.resolve("both").toString());
    assertThat(result.code()).isEqualTo(2);
    assertThat(result.err()).contains("--target and --observe both say");
  }

  /** Statistics of the inputs of products lack the sum that enters the pooling. */
  @Test
  void missingStatisticsNameTheOption() throws IOException {
    String network = network();
    Path collected = folder.resolve("few");
    tare(
            "calibrate",
            "--model",
            network,
            "--data",
            shared.resolve("data").toString(),
            "--output",
            collected.toString())
        .ends(0);
    Path plan = folder.resolve("plan");
    tare(
            "select",
            "--statistics",
            collected.toString(),
            "--model",
            network,
            "--target",
            "tensorrt",
            "--output",
            plan.toString())
        .refuses(3, plan, "needs: a.", "--observe all-supported");
  }

  /** Nothing here runs TensorRT: a run says so, and an evaluation that asks for it is refused. */
  @Test
  void targetThatCannotBeRunHere() throws IOException {
    String network = network();
    String data = shared.resolve("data").toString();
    Path run = folder.resolve("run");
    CommandLine.Result result =
        tare(
            "run",
            "--model",
            network,
            "--data",
            data,
            "--target",
            "tensorrt",
            "--min-cosine",
            "0",
            "--output",
            run.toString());
    assertThat(result.ends(0).err()).contains("Models for target tensorrt cannot be run here");
    assertThat(run.resolve("calibration.cache")).exists();
    Path evaluation = folder.resolve("evaluation");
    tare(
            "evaluate",
            "--model",
            network,
            "--quantized",
            run.toString(),
            "--data",
            data,
            "--target",
            "tensorrt",
            "--output",
            evaluation.toString())
        .refuses(2, evaluation, "Models for target tensorrt cannot be run here");
  }
}
