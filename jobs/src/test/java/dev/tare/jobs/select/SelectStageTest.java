package dev.tare.jobs.select;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tare.engine.onnx.proto.TensorProto;
import dev.tare.engine.plan.Candidates;
import dev.tare.engine.plan.QuantPlan;
import dev.tare.engine.plan.TensorPlan;
import dev.tare.engine.recipe.Role;
import dev.tare.jobs.ExitCode;
import dev.tare.jobs.SparkJobs;
import dev.tare.jobs.TareException;
import dev.tare.jobs.artifact.InputRef;
import dev.tare.jobs.artifact.Manifest;
import dev.tare.jobs.artifact.Part;
import dev.tare.jobs.artifact.RunFacts;
import dev.tare.jobs.artifact.SelectionFacts;
import dev.tare.jobs.console.Progress;
import dev.tare.jobs.input.LocalSpark;
import dev.tare.jobs.model.ModelHandle;
import dev.tare.jobs.model.RecipeOptions;
import dev.tare.jobs.model.RecipeText;
import dev.tare.jobs.run.CommandLine;
import dev.tare.jobs.stage.Inputs;
import dev.tare.jobs.stage.WeightRanges;
import dev.tare.jobs.stage.Work;
import dev.tare.jobs.storage.FinishedRun;
import dev.tare.jobs.storage.RunFolder;
import dev.tare.jobs.table.ObservedTables;
import dev.tare.jobs.table.PlanStore;
import dev.tare.testkit.Models;
import dev.tare.testkit.SmallModels;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.UnaryOperator;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.sql.SparkSession;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the stage reads, refuses, writes and records around the job. */
class SelectStageTest {

  private static final Map<String, float[]> VALUES = Map.of("x", new float[] {-64, 0, 1, 191});

  @TempDir Path folder;

  private final SparkSession spark = LocalSpark.spark();
  private final Configuration hadoop = SparkJobs.hadoop(spark);
  private final ByteArrayOutputStream printed = new ByteArrayOutputStream();
  private String model;

  @BeforeEach
  void product() throws IOException {
    model =
        Models.exported(13)
            .input("x", "batch", 2)
            .constant(Models.floats("w", new float[] {127, -254, 1, -3, 10, 63.5f}, 2, 3))
            .node("MatMul", "product", List.of("x", "w"), "y")
            .output("y", TensorProto.DataType.FLOAT, "batch", 3)
            .write(folder.resolve("model.onnx"));
  }

  private FinishedRun statistics(String name, String sha256) throws IOException {
    return ObservedTables.run(folder.resolve(name), sha256, VALUES, ObservedTables.MoreParts.NONE);
  }

  private String sha256() throws IOException {
    return ModelHandle.open(model, hadoop).sha256();
  }

  private SelectStage stage(Optional<String> statistics, RecipeOptions recipe) {
    return new SelectStage(
        new SelectOptions(statistics.map(name -> folder.resolve(name).toString()), model, recipe));
  }

  private SelectStage stage(String recipe) {
    return stage(Optional.empty(), RecipeOptions.of(recipe));
  }

  private Inputs inputs() {
    return new Inputs(spark, line -> printed.writeBytes(line.getBytes(StandardCharsets.UTF_8)));
  }

  private FinishedRun run(SelectStage stage) throws IOException {
    return run(stage, "plan");
  }

  private FinishedRun run(SelectStage stage, String name) throws IOException {
    PrintStream out = new PrintStream(printed, true, StandardCharsets.UTF_8);
    try (Inputs inputs = inputs()) {
      return RunFolder.at(folder.resolve(name).toString(), Optional.empty(), hadoop)
          .produce(
              attempt -> {
                Work done =
                    stage.run(stage.prepare(Work.begin(attempt, inputs, new Progress(out, 1))));
                return Manifest.draft(
                    "plan",
                    List.of(stage.name()),
                    stage.inputs(inputs),
                    stage.configuration(),
                    done.facts());
              });
    }
  }

  /** Statistics with ranges of weights beside them, changed by a test. */
  private FinishedRun keeping(String name, UnaryOperator<String> change) throws IOException {
    return ObservedTables.run(
        folder.resolve(name),
        sha256(),
        VALUES,
        attempt -> {
          WeightRanges.write(spark, ModelHandle.open(model, hadoop), attempt);
          String text = attempt.text(Part.WEIGHT_RANGES).orElseThrow();
          attempt.write(Part.WEIGHT_RANGES, change.apply(text));
        });
  }

  /** Makes the first column reach 1270, not 127. */
  private static String farther(String text) {
    String columns = "\"high\":\"" + highs(127) + "\"";
    assertThat(text).contains(columns);
    return text.replace(columns, "\"high\":\"" + highs(1270) + "\"");
  }

  private static String highs(float first) {
    ByteBuffer bytes = ByteBuffer.allocate(12).order(ByteOrder.LITTLE_ENDIAN);
    bytes.putFloat(first).putFloat(10).putFloat(63.5f);
    return Base64.getEncoder().encodeToString(bytes.array());
  }

  private String plan(String statistics, String recipe) throws IOException {
    FinishedRun run =
        run(
            stage(Optional.of(statistics), RecipeOptions.of(recipe)),
            statistics + "-" + recipe + printed.size());
    return PlanStore.read(spark, run).tensors() + run.verifiedText(Part.PLAN_JSON);
  }

  @Test
  void aRecipeWithOtherActivationsGivesTheSamePlanByKeptRangesOfWeights() throws IOException {
    statistics("s", sha256());
    keeping("kept", text -> text);
    for (String recipe : List.of("int8", "int8-mse", "int8-reduced", "int8-symmetric")) {
      assertThat(plan("kept", recipe)).as(recipe).isEqualTo(plan("s", recipe));
    }
  }

  /** So a wrong document would give a wrong plan: no value of the weight was looked at. */
  @Test
  void noWeightIsReadWhoseRangesAreKept() throws IOException {
    keeping("kept", SelectStageTest::farther);
    FinishedRun known = run(stage(Optional.of("kept"), RecipeOptions.of("int8-mse")));
    assertThat(PlanStore.read(spark, known).find("w", Role.WEIGHT).orElseThrow().scales())
        .containsExactly(10, 2, .5f);
    FinishedRun read = run(stage(Optional.of("kept"), RecipeOptions.of("int8-reduced")), "reduced");
    assertThat(PlanStore.read(spark, read).find("w", Role.WEIGHT).orElseThrow().scales()[0])
        .isBetween(1.9f, 2.1f);
  }

  @Test
  void keptRangesOfAnotherVersionAreLeftAloneWithAWord() throws IOException {
    statistics("s", sha256());
    keeping(
        "kept",
        text ->
            farther(text).replaceFirst("\"tare-version\":\"[^\"]*", "\"tare-version\":\"0.0.9"));
    assertThat(plan("kept", "int8")).isEqualTo(plan("s", "int8"));
    assertThat(printed.toString(StandardCharsets.UTF_8))
        .containsOnlyOnce("are of another version (0.0.9): weights are read again");
  }

  private String merged(String first, String second, String third) {
    String output = folder.resolve(first + second + third).toString();
    List<String> line = new ArrayList<>(List.of("merge"));
    for (String run : List.of(first, second, third)) {
      line.add(folder.resolve(run).toString());
    }
    line.addAll(List.of("--output", output));
    CommandLine.tare(line.toArray(String[]::new)).ends(0);
    return output;
  }

  /** Those of another version would never be used again. */
  @Test
  void mergedStatisticsHaveKeptRangesOfThisVersionOrNone() throws IOException {
    UnaryOperator<String> older =
        text -> text.replaceFirst("\"tare-version\":\"[^\"]*", "\"tare-version\":\"0.0.9");
    keeping("old", older);
    keeping("elder", older);
    keeping("oldest", older);
    Path kept = Path.of(keeping("kept", UnaryOperator.identity()).path(Part.WEIGHT_RANGES).toUri());
    assertThat(Path.of(merged("old", "kept", "elder"), "weight-ranges.json"))
        .hasSameTextualContentAs(kept);
    assertThat(Path.of(merged("old", "oldest", "elder"), "weight-ranges.json")).doesNotExist();
  }

  /** Known without reading a value. */
  @Test
  void channelsOfWeightsAreKnownFromTheirShapes() throws IOException {
    ModelHandle opened = ModelHandle.open(model, hadoop);
    RecipeText recipe = RecipeText.open(RecipeOptions.of("int8"), hadoop);
    Candidates candidates =
        Candidates.of(
            recipe.target(), recipe.placement(), recipe.parse(), opened.prepared().graph());
    assertThat(WeightRanges.channels(candidates, recipe.parse())).isEqualTo(3);
  }

  @Test
  void keptRangesThatAreDamagedOrForeignAreRefused() throws IOException {
    String own = sha256();
    keeping("foreign", text -> text.replace(own, "ab".repeat(32)));
    assertBadInput(
        () -> plan("foreign", "int8"), "weight-ranges.json is of another model: sha256 abab");
    keeping("broken", text -> text.replace("\"low\"", "\"slow\""));
    assertBadInput(
        () -> plan("broken", "int8"), "weight-ranges.json: weight 'w': its ranges are not there");
    FinishedRun whole = keeping("damaged", text -> text);
    Path file = Path.of(whole.path(Part.WEIGHT_RANGES).toUri());
    Files.writeString(file, Files.readString(file) + " ");
    assertBadInput(() -> plan("damaged", "int8"), "weight-ranges.json was");
  }

  private static void assertBadInput(ThrowingCallable call, String message) {
    assertThatThrownBy(call)
        .isInstanceOf(TareException.class)
        .hasMessageContaining(message)
        .extracting(e -> ((TareException) e).exitCode())
        .isEqualTo(ExitCode.BAD_INPUT);
  }

  private static SelectionFacts facts(FinishedRun run) {
    return run.manifest().facts("here").selection().orElseThrow();
  }

  @Test
  void thePlanOfTheNamedStatisticsIsWrittenTwiceAndRecorded() throws IOException {
    String content = statistics("s", sha256()).calibration().contentSha256();
    FinishedRun run = run(stage(Optional.of("s"), RecipeOptions.of("int8")));

    QuantPlan plan = PlanStore.read(spark, run);
    assertThat(plan.find("x", Role.ACTIVATION).orElseThrow().scales()).containsExactly(1);
    assertThat(plan.find("w", Role.WEIGHT).orElseThrow().scales()).containsExactly(1, 2, .5f);
    assertThat(plan.statisticsSha256()).isEqualTo(content);
    assertThat(spark.read().parquet(run.verified(Part.PLAN).toString()).count()).isEqualTo(4);
    assertThat(facts(run).recipe()).isEqualTo("int8");
    assertThat(facts(run).contentSha256()).hasValue(content);
    assertThat(facts(run).quantized())
        .containsEntry(Role.ACTIVATION, 1)
        .containsEntry(Role.WEIGHT, 1)
        .containsEntry(Role.BIAS, 0);
    assertThat(facts(run).left()).isZero();
    assertThat(run.manifest().inputs())
        .extracting(InputRef::name)
        .containsExactly("model", "statistics");
    assertThat(printed.toString(StandardCharsets.UTF_8))
        .contains(
            "ranges by recipe int8", "1 activation, 1 weight, 0 biases; 0 tensors stay float");
  }

  @Test
  void rangesOfAnotherToolTakeThePlaceOfStatistics() throws IOException {
    FinishedRun run =
        run(given("{\"x\": {\"min\": -64, \"max\": 191}, \"other\": {\"min\": 1, \"max\": 2}}"));
    QuantPlan plan = PlanStore.read(spark, run);
    assertThat(plan.find("x", Role.ACTIVATION).orElseThrow().scales()).containsExactly(1);
    assertThat(plan.find("w", Role.WEIGHT).orElseThrow().scales()).containsExactly(1, 2, .5f);
    assertThat(plan.find("x", Role.ACTIVATION).orElseThrow().method()).isEqualTo("given");
    assertThat(run.manifest().inputs())
        .extracting(InputRef::name)
        .containsExactly("model", "ranges");
    assertThat(facts(run).contentSha256()).isEmpty();
  }

  @Test
  void aGivenRangeBeyondFloatAboveLeavesItsTensorInFloat() throws IOException {
    FinishedRun run = run(given("{\"x\": {\"min\": -3.4e38, \"max\": 0}}"));
    assertThat(PlanStore.read(spark, run).find("x", Role.ACTIVATION).orElseThrow().floatReason())
        .hasValue("values reach 3.4E38, beyond float-above 1.0E30");
  }

  @Test
  void rangesThatDoNotFitAreRefusedByName() throws IOException {
    refusedBy(
        given("{\"y\": {\"min\": 0, \"max\": 1}}"),
        ExitCode.BAD_INPUT,
        "no range for 1 tensors that recipe 'int8' quantizes: x; it has y");
    refusedBy(given("{}"), ExitCode.BAD_INPUT, "has no ranges");
    refusedBy(
        given("{\"x\": {\"min\": 2, \"max\": 1}}"),
        ExitCode.BAD_INPUT,
        "range of tensor 'x': min 2.0 is above max 1.0");
    refusedBy(
        given("{\"x\": {\"min\": 1}}"),
        ExitCode.BAD_INPUT,
        "'max' must be a finite number, not missing");
    refusedBy(
        given("{\"x\": {\"min\": 0, \"max\": 1e300}}"),
        ExitCode.BAD_INPUT,
        "'max' must be a finite number, not 1.0E300");
    refusedBy(
        given("{\"x\": {\"min\": 0, \"max\": 1, \"mean\": 0}}"),
        ExitCode.BAD_INPUT,
        "unknown key 'mean'");
    refusedBy(
        given("{\"x\": {\"min\": 0, \"max\": 1e-40}}"),
        ExitCode.BAD_INPUT,
        "too small for a scale");
  }

  @Test
  void scalesOfAnotherToolAreTakenAsTheyAre() throws IOException {
    QuantPlan plan =
        PlanStore.read(
            spark,
            run(
                scales(
                    "{\"x\": {\"scale\": [0.0299999993294477462], \"zero-point\": [7]},"
                        + " \"w\": {\"scale\": [1, 1.5, 0.1], \"zero-point\": [0, 0, 0]}}")));
    TensorPlan x = plan.find("x", Role.ACTIVATION).orElseThrow();
    assertThat(x.scales()).containsExactly(.03f);
    assertThat(x.zeroPoints()).containsExactly(7);
    TensorPlan weight = plan.find("w", Role.WEIGHT).orElseThrow();
    assertThat(weight.scales()).containsExactly(1, 1.5f, .1f);
    assertThat(List.of(x.method(), weight.method())).containsOnly("given");
    // Their error is measured: of the last channel, values are clipped now.
    assertThat(weight.channels().get(2).clippedShare()).isPositive();
    assertThat(weight.channels().get(2).expectedSqnrDb()).isLessThan(20);
  }

  @Test
  void scalesThatDoNotFitAreRefusedByName() throws IOException {
    refusedBy(scales("{}"), ExitCode.BAD_INPUT, "has no ranges and no scales");
    refusedBy(
        scales("{\"x\": {\"scale\": [-1], \"zero-point\": [0]}}"),
        ExitCode.BAD_INPUT,
        "scales of tensor 'x': a scale must be positive and finite, not -1");
    refusedBy(
        scales("{\"x\": {\"scale\": [1], \"zero-point\": [0.5]}}"),
        ExitCode.BAD_INPUT,
        "a zero point must be a whole number, not 0.5");
    refusedBy(
        scales("{\"x\": {\"scale\": [1, 2], \"zero-point\": [0]}}"),
        ExitCode.BAD_INPUT,
        "scales of tensor 'x': 2 scales and 1 zero points");
    refusedBy(
        scales("{\"x\": {\"scale\": [1], \"zero-point\": [256]}}"),
        ExitCode.BAD_INPUT,
        "Tensor 'x', scale at 0: Invalid zero point of UINT8: 256");
  }

  private SelectStage given(String ranges) throws IOException {
    return of("ranges", ranges);
  }

  private SelectStage scales(String scales) throws IOException {
    return of("scales", scales);
  }

  private SelectStage of(String key, String value) throws IOException {
    Path file =
        Files.writeString(
            folder.resolve("ranges.json"),
            "{\"format-version\": 1, \"%s\": %s}".formatted(key, value));
    return new SelectStage(
        new SelectOptions(
            Optional.empty(), Optional.of(file.toString()), model, RecipeOptions.of("int8")));
  }

  private void refusedBy(SelectStage stage, ExitCode code, String message) {
    assertThatThrownBy(() -> run(stage))
        .isInstanceOfSatisfying(TareException.class, e -> assertThat(e.exitCode()).isEqualTo(code))
        .hasMessageContaining(message);
  }

  @Test
  void aRecipeForWeightsNeitherNeedsNorNamesStatistics() throws IOException {
    FinishedRun run = run(stage("int8-weights"));
    assertThat(facts(run).contentSha256()).isEmpty();
    assertThat(facts(run).quantized())
        .containsEntry(Role.ACTIVATION, 0)
        .containsEntry(Role.WEIGHT, 1);
    assertThat(run.manifest().inputs()).extracting(InputRef::name).containsExactly("model");
  }

  @Test
  void aRecipeThatNeedsStatisticsIsRefusedWithoutThem() {
    refused(
        () -> run(stage("int8")),
        ExitCode.USAGE,
        "Recipe 'int8' needs statistics: give --statistics RUN");
  }

  @Test
  void statisticsOfAnotherModelAreRefusedWithBothHashes() throws IOException {
    String other = "cd".repeat(32);
    statistics("s", other);
    refused(
        () -> run(stage(Optional.of("s"), RecipeOptions.of("int8"))),
        ExitCode.BAD_INPUT,
        "are of another model: sha256 " + other,
        sha256());
    assertThat(folder.resolve("plan/plan.json")).doesNotExist();
  }

  @Test
  void aRunWithoutStatisticsIsRefused() throws IOException {
    RunFolder.at(folder.resolve("s").toString(), Optional.empty(), hadoop)
        .produce(
            attempt -> Manifest.draft("s", List.of("select"), List.of(), Map.of(), RunFacts.NONE));
    refused(
        () -> run(stage(Optional.of("s"), RecipeOptions.of("int8"))),
        ExitCode.BAD_INPUT,
        folder.resolve("s").toString());
  }

  @Test
  void whatTheTargetCannotFollowIsRefusedOnlyIfStrict() throws IOException {
    model = SmallModels.cnn().write(folder.resolve("cnn.onnx"));
    String recipe =
        Files.writeString(
                folder.resolve("asymmetric.conf"),
                "include \"int8.conf\"\nactivations.type = int8\n")
            .toString();
    refused(
        () ->
            run(
                stage(
                    Optional.empty(),
                    new RecipeOptions(recipe, "openvino", true, Optional.empty()))),
        ExitCode.USAGE,
        "--strict: target openvino cannot follow recipe",
        "OpenVINO computes Conv in integers with uint8 or symmetric int8 inputs only");
    refused(
        () ->
            run(
                stage(
                    Optional.empty(),
                    new RecipeOptions(recipe, "openvino", false, Optional.empty()))),
        ExitCode.USAGE,
        "needs statistics");
  }

  private static void refused(ThrowingCallable call, ExitCode code, String... words) {
    assertThatThrownBy(call)
        .isInstanceOf(TareException.class)
        .hasMessageContainingAll(words)
        .extracting(e -> ((TareException) e).exitCode())
        .isEqualTo(code);
  }
}
