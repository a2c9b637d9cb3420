package dev.tare.jobs.hostile;

import static dev.tare.jobs.run.CommandLine.gaussian;
import static dev.tare.jobs.run.CommandLine.json;
import static dev.tare.jobs.run.CommandLine.tare;
import static dev.tare.jobs.run.CommandLine.write;
import static org.assertj.core.api.Assertions.assertThat;

import dev.tare.jobs.run.CommandLine;
import dev.tare.testkit.Models;
import dev.tare.testkit.SmallModels;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Runs that a stage cannot read from, recipes that are none. */
@Tag("slow")
class RefusedRunTest {

  @TempDir static Path shared;
  @TempDir Path folder;

  private static String model;
  private static String otherModel;
  private static String data;
  private static String statistics;
  private static String inputOnly;

  private Path output;

  @BeforeAll
  static void runs() throws IOException {
    model = SmallModels.exportedMlp().write(shared.resolve("model.onnx"));
    Models other = SmallModels.exportedMlp();
    other.model.setProducerName("other");
    otherModel = other.write(shared.resolve("other.onnx"));
    data = write(shared.resolve("data"), "x array<float>", gaussian(20, 6, 1));
    statistics = calibrate(model, "statistics");
    inputOnly = calibrate(model, "input-only", "--observe", "x");
  }

  @BeforeEach
  void output() {
    output = folder.resolve("run");
  }

  private static String calibrate(String model, String name, String... more) {
    String run = shared.resolve(name).toString();
    List<String> arguments =
        new ArrayList<>(List.of("calibrate", "--model", model, "--data", data, "--output", run));
    arguments.addAll(List.of(more));
    tare(arguments.toArray(String[]::new)).ends(0);
    return run;
  }

  private CommandLine.Result select(String from, String model, String recipe) {
    return tare(
        "select",
        "--statistics",
        from,
        "--model",
        model,
        "--recipe",
        recipe,
        "--output",
        output.toString());
  }

  private CommandLine.Result quantize(String plan, String model) {
    return tare("quantize", "--plan", plan, "--model", model, "--output", output.toString());
  }

  private CommandLine.Result merge(Path into, String... more) {
    List<String> arguments = new ArrayList<>(List.of("merge", "--output", into.toString()));
    arguments.addAll(List.of(more));
    return tare(arguments.toArray(String[]::new));
  }

  private String recipe(String text) throws IOException {
    return Files.writeString(folder.resolve("own.conf"), text).toString();
  }

  @Test
  void statisticsThatLackTensors() throws IOException {
    select(inputOnly, model, "int8").refuses(3, output, "lack 1 tensor", ": r.", "--observe");
  }

  @Test
  void statisticsOfAnotherModel() throws IOException {
    select(statistics, otherModel, "int8").refuses(3, output, "another model", "other.onnx");
  }

  @Test
  void noRunAtAll() throws IOException {
    select(folder.resolve("absent").toString(), model, "int8")
        .refuses(3, output, "absent", "not a finished run");
  }

  @Test
  void runWithoutStatisticsAndPlan() throws IOException {
    quantize(statistics, model).refuses(3, output, "statistics has no plan.json", "calibrate");
  }

  @Test
  void planForAnotherModel() throws IOException {
    Path plan = shared.resolve("plan");
    output = plan;
    select(statistics, model, "int8").ends(0);
    output = folder.resolve("run");
    quantize(plan.toString(), otherModel).refuses(3, output, "another model", "other.onnx");
    output = folder.resolve("select");
    select(plan.toString(), model, "int8").refuses(3, output, "has no statistics", "select");
  }

  @Test
  void damagedStatistics() throws IOException {
    Path damaged = Path.of(calibrate(model, "damaged"));
    Path part = CommandLine.onlyPart(damaged.resolve("statistics"));
    byte[] bytes = Files.readAllBytes(part);
    bytes[bytes.length / 2] ^= 1;
    Files.delete(part.resolveSibling("." + part.getFileName() + ".crc"));
    Files.write(part, bytes);
    select(damaged.toString(), model, "int8")
        .refuses(3, output, "damaged", part.getFileName().toString(), "was changed");
  }

  @Test
  void quantizedRunOfAnotherModel() throws IOException {
    Path plan = folder.resolve("plan");
    output = plan;
    select(statistics, model, "int8").ends(0);
    output = folder.resolve("quantized");
    quantize(plan.toString(), model).ends(0);
    String quantized = output.toString();
    output = folder.resolve("run");
    String[] arguments = {
      "evaluate",
      "--model",
      otherModel,
      "--quantized",
      quantized,
      "--data",
      data,
      "--output",
      output.toString()
    };
    tare(arguments).refuses(3, output, "another model", "other.onnx");
  }

  @Test
  void unknownRecipe() throws IOException {
    select(statistics, model, "int7").refuses(2, output, "'int7'", "int8-entropy");
  }

  @Test
  void missingRecipeFile() throws IOException {
    select(statistics, model, folder.resolve("absent.conf").toString())
        .refuses(2, output, "absent.conf");
  }

  @Test
  void recipeWithUnknownKey() throws IOException {
    select(statistics, model, recipe("include \"int8.conf\"\nactivations.methd = mse\n"))
        .refuses(2, output, "own.conf: 2", "activations.methd");
  }

  /** The refusal comes from a task on an executor. */
  @Test
  void methodThatNeedsMoreBinsThanChannelsHave() throws IOException {
    select(
            statistics,
            model,
            recipe(
                "include \"int8.conf\"\nactivations { granularity = per-channel, method = entropy }"))
        .refuses(3, output, "Cannot select a range for tensor", "entropy");
  }

  @Test
  void scalePerChannelOfActivationsIsPlannedButNotQuantized() throws IOException {
    Path plan = shared.resolve("per-channel");
    String own = recipe("include \"int8.conf\"\nactivations.granularity = per-channel");
    output = plan;
    select(statistics, model, own).ends(0);
    output = folder.resolve("run");
    quantize(plan.toString(), model).refuses(3, output, "ONNX Runtime takes one scale");
    tare("run", "--model", model, "--data", data, "--recipe", own, "--output", output.toString())
        .refuses(3, output, "ONNX Runtime takes one scale");
  }

  @Test
  void recipeThatIsNoHocon() throws IOException {
    select(statistics, model, recipe("format-version = {\n")).refuses(2, output, "own.conf");
  }

  @Test
  void recipeForOperatorsThatTheModelLacks() throws IOException {
    String conv =
        recipe(
            Files.readString(Path.of("../conf/recipes/int8.conf"))
                .replaceFirst("operators = .*", "operators = [Conv]"));
    String[] arguments = {
      "run", "--model", model, "--data", data, "--recipe", conv, "--output", output.toString()
    };
    CommandLine.Result result = tare(arguments);
    result.refuses(3, output, "model.onnx", "no Conv with a constant weight");
    assertThat(result.err()).doesNotContain("[1/4]");

    Path copy = Files.copy(Path.of(model), folder.resolve("copy.onnx"));
    arguments[2] = copy.toString();
    tare(arguments).refuses(3, output, "copy.onnx", "no Conv with a constant weight");
  }

  @Test
  void mergeOfDifferentModels() throws IOException {
    String other = calibrate(otherModel, "of-other");
    merge(output, statistics, other).refuses(3, output, "model-sha256", "statistics", "of-other");
    Path allowed = folder.resolve("allowed");
    merge(allowed, "--allow-mixed", statistics, other).refuses(3, allowed, "model-sha256");
  }

  @Test
  void mergeOfDifferentObservedSets() throws IOException {
    merge(output, statistics, inputOnly).refuses(3, output, "tensors", "[\"r\",\"x\"]", "[\"x\"]");
    Path allowed = folder.resolve("allowed");
    merge(allowed, statistics, inputOnly, "--allow-mixed").ends(0);
    assertThat(mixed(allowed)).contains("tensors");
  }

  @Test
  void mergeOfDifferentProcessors() throws IOException {
    Path other = Path.of(calibrate(model, "other-cpu"));
    String manifest = Files.readString(other.resolve("manifest.json"));
    String feature =
        json(other.resolve("manifest.json"))
            .path("properties")
            .path("calibration")
            .path("cpu-features")
            .get(0)
            .asText();
    Files.writeString(
        other.resolve("manifest.json"), manifest.replace(feature, "another processor"));
    merge(output, statistics, other.toString())
        .refuses(3, output, "cpu-features", "another processor", "--allow-mixed");
    Path allowed = folder.resolve("allowed");
    merge(allowed, "--allow-mixed", statistics, other.toString()).ends(0);
    assertThat(mixed(allowed)).contains("cpu-features");
  }

  @Test
  void mergeOfDifferentChannels() throws IOException {
    String extremes = calibrate(model, "extremes", "--channels", "extremes");
    merge(output, statistics, extremes).refuses(3, output, "channels", "extremes");
    Path allowed = folder.resolve("allowed");
    merge(allowed, "--allow-mixed", statistics, extremes).refuses(3, allowed, "channels");
  }

  @Test
  void mergeOfDifferentChannelBits() throws IOException {
    String coarse = calibrate(model, "coarse", "--channel-bits", "3");
    merge(output, statistics, coarse).refuses(3, output, "channel-bits", "5", "3");
  }

  @Test
  void mergeOfARunWithItself() throws IOException {
    merge(output, statistics, statistics).refuses(2, output, "statistics", "with itself");
  }

  private static String mixed(Path run) throws IOException {
    return json(run.resolve("manifest.json"))
        .path("properties")
        .path("calibration")
        .path("mixed")
        .toString();
  }
}
