package dev.tare.jobs.run;

import static dev.tare.jobs.run.CommandLine.tare;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.tare.engine.onnx.OnnxModel;
import dev.tare.jobs.artifact.PlacementTrials;
import dev.tare.testkit.Models;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Placements by name, from the command line to the model. */
@Tag("slow")
class PlacementRunTest {

  @TempDir static Path shared;
  @TempDir Path folder;

  private static String model;
  private static String data;

  /** Two convolutions, each with a gate behind it. */
  @BeforeAll
  static void write() throws IOException {
    model =
        Models.opset(13)
            .input("x", "batch", 16, 6, 6)
            .weight("k1", 16, 16, 3, 3)
            .weight("k2", 16, 16, 3, 3)
            .node("Conv", "x k1", "c1")
            .node("HardSigmoid", "c1", "g1")
            .node("Mul", "c1 g1", "h1")
            .node("Conv", "h1 k2", "c2")
            .node("HardSigmoid", "c2", "g2")
            .node("Mul", "c2 g2", "y")
            .output("y")
            .write(shared.resolve("model.onnx"));
    data = CommandLine.write(shared.resolve("data"), "x array<array<array<float>>>", images());
  }

  private static Row[] images() {
    Random random = new Random(3);
    Row[] rows = new Row[20];
    for (int i = 0; i < rows.length; i++) {
      List<List<List<Float>>> image = new ArrayList<>();
      for (int c = 0; c < 16; c++) {
        List<List<Float>> plane = new ArrayList<>();
        for (int y = 0; y < 6; y++) {
          plane.add(random.doubles(6).mapToObj(value -> (float) value).toList());
        }
        image.add(plane);
      }
      rows[i] = RowFactory.create(image);
    }
    return rows;
  }

  private static CommandLine.Result run(Path output, String... more) {
    List<String> words =
        new ArrayList<>(
            List.of("run", "--model", model, "--data", data, "--output", output.toString()));
    words.addAll(List.of(more));
    if (!words.contains("--recipe")) {
      words.addAll(List.of("--recipe", "int8"));
    }
    return tare(words.toArray(String[]::new));
  }

  private static OnnxModel written(Path run) throws IOException {
    return OnnxModel.parse(Files.readAllBytes(run.resolve("model.onnx")), "");
  }

  @Test
  void placementIsAFactOfTheRunAndDecidesWhereQdqStands() throws IOException {
    Path usual = folder.resolve("usual");
    run(usual).ends(0);
    assertThat(written(usual).operatorCounts()).containsEntry("QuantizeLinear", 2);
    Path run = folder.resolve("outputs");
    run(run, "--placement", "outputs").ends(0);
    assertThat(written(run).operatorCounts()).containsEntry("QuantizeLinear", 4);

    assertThat(CommandLine.json(run.resolve("plan.json")).path("placement").asText())
        .isEqualTo("outputs");
    JsonNode manifest = CommandLine.json(run.resolve("manifest.json"));
    assertThat(manifest.at("/properties/selection/placement").asText()).isEqualTo("outputs");
    assertThat(CommandLine.json(run.resolve("configuration.json")).path("placement").asText())
        .isEqualTo("outputs");
    assertThat(CommandLine.spark().read().parquet(run.resolve("plan").toString()))
        .satisfies(
            table -> assertThat(table.filter("placement <> 'outputs'").count()).isZero(),
            table -> assertThat(table.filter("placement = 'outputs'").count()).isPositive());
    assertThat(CommandLine.spark().read().parquet(usual.resolve("plan").toString()))
        .satisfies(table -> assertThat(table.filter("placement is not null").count()).isZero());
  }

  @Test
  void oneCollectionForTheTargetServesEveryPlacement() throws IOException {
    Path statistics = folder.resolve("statistics");
    tare(
            "calibrate",
            "--model",
            model,
            "--data",
            data,
            "--target",
            "onnxruntime",
            "--output",
            statistics.toString())
        .ends(0);
    for (String placement :
        List.of(
            "inputs",
            "outputs",
            "depthwise-float",
            "outputs-depthwise-float",
            "convolutions-float")) {
      select(statistics, folder.resolve(placement), placement).ends(0);
    }
    Path few = folder.resolve("few");
    tare("calibrate", "--model", model, "--data", data, "--output", few.toString()).ends(0);
    Path plan = folder.resolve("plan");
    select(few, plan, "outputs").refuses(3, plan, "needs: c1, c2.", "--observe all-supported");
  }

  private static CommandLine.Result select(Path statistics, Path output, String placement) {
    return tare(
        "select",
        "--statistics",
        statistics.toString(),
        "--model",
        model,
        "--placement",
        placement,
        "--output",
        output.toString());
  }

  @Test
  void wrongPlacementIsRefusedBeforeAnythingRuns() throws IOException {
    Path unknown = folder.resolve("unknown");
    run(unknown, "--placement", "ouputs")
        .refuses(
            2,
            unknown,
            "--placement: target onnxruntime has no placement 'ouputs'; nearest is 'outputs' of");
    Path all = folder.resolve("all");
    run(all, "--placement", "outputs", "--recipe", "int8-all")
        .refuses(
            2,
            all,
            "--placement outputs is not for recipe 'int8-all': the recipe says itself what is"
                + " quantized");
    Path weights = folder.resolve("weights");
    Path other = folder.resolve("other");
    run(other, "--placement", "fastest", "--target", "tensorrt")
        .refuses(2, other, "--placement fastest measures placements, and target tensorrt has one");
    Path absent = folder.resolve("absent");
    run(absent, "--placement", "fastest", "--target", "openvino", "--python", "/no/python")
        .refuses(2, absent, "Target openvino is measured by a Python", "pip install openvino");
    CommandLine.Result select = select(folder, folder.resolve("plan"), "fastest");
    assertThat(select.code()).isEqualTo(2);
    assertThat(select.err()).contains("--placement fastest measures models, which tare run does");
    run(weights, "--placement", "inputs", "--recipe", "int8-weights")
        .refuses(2, weights, "--placement inputs is not for recipe 'int8-weights'");
  }

  /** Which one is chosen depends on the machine; what it gives does not. */
  @Test
  void theFastestIsTheSameModelAsByItsName() throws IOException {
    Path fastest = folder.resolve("fastest");
    CommandLine.Result result = run(fastest, "--placement", "fastest").ends(0);
    PlacementTrials trials =
        PlacementTrials.parse(Files.readString(fastest.resolve("placements.json")), "trials");
    assertThat(trials.trials())
        .extracting(PlacementTrials.Trial::name)
        .containsExactly(
            "inputs",
            "outputs",
            "depthwise-float",
            "outputs-depthwise-float",
            "convolutions-float");
    // No convolution is depthwise or small.
    assertThat(trials.trials().get(2).reason()).isEqualTo("the same as inputs");
    assertThat(trials.trials().get(1).figures().orElseThrow().sqnrDb()).isGreaterThan(15);
    assertThat(result.err())
        .contains("placement", "time of float", "outputs-depthwise-float", "the same as outputs")
        .contains(trials.chosen().name() + " is chosen");
    assertThat(result.err().contains("The float model is faster here"))
        .isEqualTo(trials.floatIsFaster());

    sameByName(fastest, trials.chosen().name());

    // Weights in integers alone lose least, so a narrow gate leaves no choice.
    double inputs = trials.trials().get(0).figures().orElseThrow().cosine();
    double weights = trials.trials().get(4).figures().orElseThrow().cosine();
    assertThat(weights).isGreaterThan(inputs);
    Path accurate = folder.resolve("accurate");
    String limit = String.valueOf((weights + inputs) / 2);
    run(accurate, "--placement", "fastest", "--min-cosine", limit).ends(0);
    sameByName(accurate, "convolutions-float");
  }

  private void sameByName(Path fastest, String name) throws IOException {
    Path named = folder.resolve("named-" + fastest.getFileName());
    run(named, "--placement", name).ends(0);
    for (String file : List.of("model.onnx", "plan.json")) {
      assertThat(named.resolve(file)).hasSameBinaryContentAs(fastest.resolve(file));
    }
    assertThat(CommandLine.json(named.resolve("plan.json")).path("placement").asText())
        .isEqualTo(name);
  }

  @Test
  void inspectTellsWhatAPlacementQuantizes() {
    CommandLine.Result result =
        tare("inspect", model, "--target", "onnxruntime", "--placement", "convolutions-float");
    assertThat(result.ends(0).out())
        .contains("placement convolutions-float", "weight alone", "0 of 2 products in integers");
  }
}
