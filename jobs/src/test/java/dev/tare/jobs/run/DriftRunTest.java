package dev.tare.jobs.run;

import static dev.tare.jobs.run.CommandLine.gaussian;
import static dev.tare.jobs.run.CommandLine.json;
import static dev.tare.jobs.run.CommandLine.tare;
import static dev.tare.jobs.run.CommandLine.write;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.tare.testkit.SmallModels;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code tare drift} on runs of a small model. */
@Tag("slow")
class DriftRunTest {

  @TempDir static Path shared;
  @TempDir Path folder;

  private static Path baseline;

  @BeforeAll
  static void calibrate() throws IOException {
    SmallModels.exportedMlp().write(shared.resolve("model.onnx"));
    baseline = shared.resolve("baseline");
    tare(
            "run",
            "--model",
            shared.resolve("model.onnx").toString(),
            "--data",
            write(shared.resolve("then"), "x array<float>", gaussian(600, 6, 1)),
            "--output",
            baseline.toString())
        .ends(0);
    calibrated("same", gaussian(600, 6, 2));
    calibrated("wider", scaled(gaussian(600, 6, 3), 3f));
  }

  private static Path calibrated(String name, Row... rows) throws IOException {
    Path run = shared.resolve(name);
    tare(
            "calibrate",
            "--model",
            shared.resolve("model.onnx").toString(),
            "--data",
            write(shared.resolve(name + "-data"), "x array<float>", rows),
            "--output",
            run.toString())
        .ends(0);
    return run;
  }

  private static Row[] scaled(Row[] rows, float factor) {
    Row[] scaled = new Row[rows.length];
    for (int i = 0; i < rows.length; i++) {
      List<Float> values = new ArrayList<>();
      for (Object value : (List<?>) rows[i].get(0)) {
        values.add(factor * (Float) value);
      }
      scaled[i] = RowFactory.create(values);
    }
    return scaled;
  }

  private static CommandLine.Result drift(String current, String... more) {
    List<String> words =
        new ArrayList<>(
            List.of(
                "drift",
                "--baseline",
                baseline.toString(),
                "--current",
                shared.resolve(current).toString()));
    words.addAll(List.of(more));
    return tare(words.toArray(String[]::new));
  }

  @Test
  void otherSamplesOfTheSameTrafficHoldTheLimits() {
    // So few samples know their extremes badly: a handful of others lies beyond.
    CommandLine.Result result = drift("same", "--max-clip-increase=0.005").ends(0);
    assertThat(result.out()).contains("drift: none; all 2 tensors are within the limits");
    assertThat(result.err()).contains(" samples then, 600 now");
  }

  @Test
  void aRunAgainstItselfHasNoDriftAtAll() throws IOException {
    Path file = folder.resolve("drift.json");
    tare(
            "drift",
            "--baseline",
            baseline.toString(),
            "--current",
            baseline.toString(),
            "--json",
            file.toString(),
            "--max-psi=0",
            "--max-js=0",
            "--max-ks=0",
            "--max-clip-increase=0")
        .ends(0);
    for (JsonNode tensor : json(file).path("tensors")) {
      assertThat(tensor.path("psi").asDouble()).isZero();
      assertThat(tensor.path("baseline-clipped")).isEqualTo(tensor.path("current-clipped"));
    }
  }

  @Test
  void trafficThreeTimesAsWideEndsWithTheExitCodeOfAGate() throws IOException {
    Path file = folder.resolve("drift.json");
    CommandLine.Result result = drift("wider", "--json", file.toString()).ends(4);
    assertThat(result.out()).contains("psi ", "clip ", "drift: 2 of 2 tensors exceed a limit");
    List<String> table = result.out().lines().limit(3).toList();
    assertThat(table.get(0)).startsWith("tensor  ").endsWith("  SQNR dB");
    assertThat(table.subList(1, 3))
        .allSatisfy(
            row ->
                assertThat(row.charAt(table.get(0).indexOf("  js") + 3))
                    .as("the last digit of js in '%s'", row)
                    .matches(Character::isDigit));
    JsonNode input = json(file).path("tensors").get(0);
    assertThat(input.path("tensor").asText()).isEqualTo("x");
    // Three times as wide a normal distribution, against a range that held all of the narrow one:
    // values beyond about 3.3 deviations then, 1.1 now.
    assertThat(input.path("baseline-clipped").asDouble()).isZero();
    assertThat(input.path("current-clipped").asDouble()).isBetween(.1, .35);
    assertThat(input.path("current-sqnr-db").asDouble())
        .isLessThan(input.path("baseline-sqnr-db").asDouble() - 10);
    assertThat(input.path("passed-limits")).isNotEmpty();
  }

  @Test
  void limitsDecide() {
    drift("wider", "--max-psi=100", "--max-js=1", "--max-ks=1", "--max-clip-increase=1").ends(0);
    drift("same", "--max-ks=0.0001").ends(4);
    assertThat(drift("same", "--max-psi=-1").ends(2).err()).contains("--max-psi", "less than 0");
  }

  @Test
  void scalesOfAnotherRunAreHeldAgainstTheTrafficWhenNamed() throws IOException {
    Path plan = folder.resolve("plan");
    tare(
            "select",
            "--statistics",
            shared.resolve("wider").toString(),
            "--model",
            shared.resolve("model.onnx").toString(),
            "--recipe",
            "int8",
            "--output",
            plan.toString())
        .ends(0);
    Path file = folder.resolve("drift.json");
    drift("wider", "--plan", plan.toString(), "--json", file.toString()).ends(4);
    for (JsonNode tensor : json(file).path("tensors")) {
      assertThat(tensor.path("current-clipped").asDouble()).isZero();
    }
  }

  @Test
  void aPublishedChainIsFollowedToItsStatisticsAndScales() throws IOException {
    String model = shared.resolve("model.onnx").toString();
    String plan = folder.resolve("plan").toString();
    String quantized = folder.resolve("quantized").toString();
    String name = folder.resolve("name").toString();
    tare("select", "--statistics", baseline.toString(), "--model", model, "--output", plan).ends(0);
    tare("quantize", "--plan", plan, "--model", model, "--output", quantized).ends(0);
    tare("publish", quantized, "--as", name, "--ungated").ends(0);
    Path file = folder.resolve("drift.json");
    String wider = shared.resolve("wider").toString();
    tare("drift", "--baseline", name, "--current", wider, "--json", file.toString()).ends(4);
    assertThat(json(file).path("tensors").get(0).path("current-clipped").asDouble()).isPositive();
  }

  @Test
  void statisticsOfOtherModelsAndTensorsAreRefused() throws IOException {
    Path other = shared.resolve("other.onnx");
    SmallModels.exportedMlp().weight("unused", 2, 2).write(other);
    Path run = folder.resolve("run");
    String data = shared.resolve("same-data").toString();
    tare("calibrate", "--model", other.toString(), "--data", data, "--output", run.toString())
        .ends(0);
    assertThat(
            tare("drift", "--baseline", baseline.toString(), "--current", run.toString())
                .ends(3)
                .err())
        .contains("Cannot compare statistics of different models");

    Path part = folder.resolve("part");
    tare(
            "calibrate",
            "--model",
            shared.resolve("model.onnx").toString(),
            "--data",
            data,
            "--observe",
            "x",
            "--output",
            part.toString())
        .ends(0);
    assertThat(
            tare("drift", "--baseline", baseline.toString(), "--current", part.toString())
                .ends(3)
                .err())
        .contains("Tensor 'r' has a published scale but is only in the baseline");
  }
}
