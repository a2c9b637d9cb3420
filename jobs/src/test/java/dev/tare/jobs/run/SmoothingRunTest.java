package dev.tare.jobs.run;

import static dev.tare.jobs.run.CommandLine.json;
import static dev.tare.jobs.run.CommandLine.tare;
import static dev.tare.jobs.run.CommandLine.write;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import dev.tare.engine.onnx.OnnxModel;
import dev.tare.engine.plan.QuantPlan;
import dev.tare.engine.plan.SmoothedInput;
import dev.tare.engine.plan.TensorPlan;
import dev.tare.engine.recipe.Role;
import dev.tare.testkit.SmallModels;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A recipe with smoothing through all stages, on inputs of which one channel is far larger. */
@Tag("slow")
class SmoothingRunTest {

  @TempDir static Path shared;

  private static String model;
  private static List<Row> rows;
  private static String data;

  @BeforeAll
  static void prepare() throws IOException {
    model = SmallModels.exportedMlp().write(shared.resolve("model.onnx"));
    Random random = new Random(5);
    rows = new ArrayList<>();
    for (int i = 0; i < 200; i++) {
      List<Float> values = new ArrayList<>();
      for (int k = 0; k < 6; k++) {
        values.add((float) random.nextGaussian() * (k == 2 ? 60 : 1));
      }
      rows.add(RowFactory.create(values));
    }
    data = write(shared.resolve("data"), "x array<float>", rows.toArray(Row[]::new));
    run("smooth", data, "int8-transformer", "--partitions", "2", "--sensitivity", "1");
  }

  private static Path run(String name, String from, String recipe, String... more) {
    Path run = shared.resolve("run-" + name);
    List<String> line = new ArrayList<>(List.of("run", "--model", model, "--data", from));
    line.addAll(List.of("--recipe", recipe, "--eval-data", data, "--output", run.toString()));
    line.addAll(Arrays.asList(more));
    tare(line.toArray(String[]::new)).ends(0);
    return run;
  }

  private static double sqnrDb(Path run) throws IOException {
    return json(run.resolve("quality.json")).path("outputs").get(0).path("sqnr-db").asDouble();
  }

  @Test
  void smoothedModelIsNearerToTheFloatOne() throws IOException {
    Path smooth = shared.resolve("run-smooth");
    assertThat(sqnrDb(smooth)).isGreaterThan(sqnrDb(run("plain", data, "int8")) + 3);
    QuantPlan plan = CommandLine.plan(smooth);
    assertThat(plan.smoothed())
        .extracting(SmoothedInput::tensor, SmoothedInput::result)
        .containsExactly(tuple("r", "r_smoothed"), tuple("x", "x_smoothed"));
    assertThat(plan.quantized(Role.ACTIVATION))
        .extracting(TensorPlan::tensor)
        .containsExactly("r_smoothed", "x_smoothed");
    assertThat(plan.quantized(Role.WEIGHT))
        .extracting(TensorPlan::tensor)
        .containsExactly("w1_smoothed", "w2_smoothed");
    assertThat(plan.smoothed())
        .extracting(SmoothedInput::through)
        .containsExactly(List.of("bend", "shift", "first"), List.of());
  }

  /** Columns have scales of their own, so that factors in them cost nothing. */
  @Test
  void factorsInConstantsSaveANodeAndLoseNothing() throws IOException {
    Path folded = shared.resolve("run-smooth");
    Path recipe = shared.resolve("unfolded.conf");
    Files.copy(Path.of("..", "conf", "recipes", "int8.conf"), shared.resolve("int8.conf"));
    Files.writeString(recipe, "include \"int8.conf\"\nsmoothing { alpha = 0.8, fold = off }\n");
    Path unfolded = run("unfolded", data, recipe.toString());
    QuantPlan plan = CommandLine.plan(unfolded);
    assertThat(plan.smoothed()).allMatch(input -> input.through().isEmpty());
    assertThat(factors(plan)).isEqualTo(factors(CommandLine.plan(folded)));
    assertThat(sqnrDb(unfolded)).isCloseTo(sqnrDb(folded), within(0.1));
    assertThat(muls(unfolded)).isEqualTo(2);
    assertThat(muls(folded)).isEqualTo(1);
  }

  private static List<List<Float>> factors(QuantPlan plan) {
    return plan.smoothed().stream().map(SmoothedInput::factors).toList();
  }

  private static int muls(Path run) throws IOException {
    return OnnxModel.read(run.resolve("model.onnx")).operatorCounts().getOrDefault("Mul", 0);
  }

  @ParameterizedTest
  @CsvSource({"1, 1", "7, 8"})
  void partitionsBatchesAndOrderDoNotChangeTheModel(int partitions, int batch) throws IOException {
    String name = "law-" + partitions;
    List<Row> shuffled = new ArrayList<>(rows);
    Collections.shuffle(shuffled, new Random(partitions));
    String from = write(shared.resolve(name), "x array<float>", shuffled.toArray(Row[]::new));
    String[] more = {"--partitions", "" + partitions, "--batch-size", "" + batch};
    Path run = run(name, from, "int8-transformer", more);
    assertThat(Files.readAllBytes(run.resolve("model.onnx")))
        .isEqualTo(Files.readAllBytes(shared.resolve("run-smooth").resolve("model.onnx")));
  }

  @Test
  void stagesOneByOneGiveTheSameModel() throws IOException {
    Path statistics = shared.resolve("statistics");
    tare("calibrate", "--model", model, "--data", data, "--output", statistics.toString()).ends(0);
    Path plan = shared.resolve("plan");
    String[] select = {"select", "--statistics", "" + statistics, "--model", model};
    String[] rest = {"--recipe", "int8-transformer", "--output", "" + plan};
    tare(join(select, rest)).ends(0);
    Path made = shared.resolve("made");
    tare("quantize", "--plan", "" + plan, "--model", model, "--output", "" + made).ends(0);
    Path whole = shared.resolve("run-smooth");
    assertThat(Files.readAllBytes(made.resolve("model.onnx")))
        .isEqualTo(Files.readAllBytes(whole.resolve("model.onnx")));
  }

  @Test
  void statisticsWithoutChannelsAreRefused() throws IOException {
    Path statistics = shared.resolve("statistics-none");
    String[] calibrate = {"calibrate", "--model", model, "--data", data, "--channels", "none"};
    tare(join(calibrate, "--output", "" + statistics)).ends(0);
    Path plan = shared.resolve("plan-none");
    String[] select = {"select", "--statistics", "" + statistics, "--model", model};
    tare(join(select, "--recipe", "int8-transformer", "--output", "" + plan))
        .refuses(3, plan, "have no channels, which smoothing needs");
  }

  @Test
  void driftComparesTheScalesOfSmoothedInputs() throws IOException {
    Path baseline = shared.resolve("run-smooth");
    Path file = shared.resolve("drift.json");
    String[] words = {"drift", "--baseline", "" + baseline, "--current", "" + baseline};
    tare(join(words, "--json", "" + file)).ends(0);
    JsonNode tensors = json(file).path("tensors");
    assertThat(tensors.findValuesAsText("tensor"))
        .containsExactlyInAnyOrder("r", "r_smoothed", "x", "x_smoothed");
    for (JsonNode tensor : tensors) {
      assertThat(tensor.has("baseline-sqnr-db"))
          .as("%s", tensor)
          .isEqualTo(tensor.path("tensor").asText().endsWith("_smoothed"));
    }

    Path none = shared.resolve("drift-none");
    String[] calibrate = {"calibrate", "--model", model, "--data", data, "--channels", "none"};
    tare(join(calibrate, "--output", "" + none)).ends(0);
    String[] without = {"drift", "--baseline", "" + baseline, "--current", "" + none};
    CommandLine.Result refused = tare(without);
    assertThat(refused.code()).isEqualTo(3);
    assertThat(refused.err())
        .contains("'r_smoothed' has a published scale, but run ")
        .contains("no histograms of the channels of 'r'", "--channels histogram");
  }

  private static String[] join(String[] first, String... rest) {
    List<String> all = new ArrayList<>(Arrays.asList(first));
    all.addAll(Arrays.asList(rest));
    return all.toArray(String[]::new);
  }
}
