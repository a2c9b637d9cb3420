package dev.tare.jobs.select;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tare.engine.graph.ModelGraph;
import dev.tare.engine.observe.ChannelMode;
import dev.tare.engine.observe.ObserverOptions;
import dev.tare.engine.onnx.proto.TensorProto;
import dev.tare.engine.plan.QuantPlan;
import dev.tare.engine.plan.QuantPlanJson;
import dev.tare.engine.plan.TensorPlan;
import dev.tare.engine.recipe.Role;
import dev.tare.engine.statistics.TensorStatistics;
import dev.tare.engine.tensor.Shape;
import dev.tare.jobs.ExitCode;
import dev.tare.jobs.SparkJobs;
import dev.tare.jobs.TareException;
import dev.tare.jobs.input.LocalSpark;
import dev.tare.jobs.model.LevelledRecipe;
import dev.tare.jobs.model.ModelHandle;
import dev.tare.jobs.model.RecipeOptions;
import dev.tare.jobs.model.RecipeText;
import dev.tare.jobs.table.ObservedTables;
import dev.tare.testkit.Models;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.sql.SparkSession;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Scales of statistics and weights whose scales a reader can compute. */
class SelectJobTest {

  private static final float[] VALUES = {-64, 0, 1, 191};

  @TempDir Path folder;

  private final SparkSession spark = LocalSpark.spark();
  private final Configuration hadoop = SparkJobs.hadoop(spark);

  /** x[batch, 2] through one product; the weight's columns reach 127, 254 and 63.5. */
  private static Models product(float... weight) {
    return Models.exported(13)
        .input("x", "batch", 2)
        .constant(Models.floats("w", weight, 2, 3))
        .node("MatMul", "product", List.of("x", "w"), "y")
        .output("y", TensorProto.DataType.FLOAT, "batch", 3);
  }

  private static Models product() {
    return product(127, -254, 1, -3, 10, 63.5f);
  }

  private ModelHandle model(Models models) throws IOException {
    return ModelHandle.open(models.write(folder.resolve("model.onnx")), hadoop);
  }

  private QuantPlan select(ModelHandle model, String recipe, Path statistics) throws IOException {
    return select(model, RecipeOptions.of(recipe), statistics);
  }

  private QuantPlan select(ModelHandle model, RecipeOptions recipe, Path statistics)
      throws IOException {
    return new SelectJob(spark)
        .run(
            model,
            RecipeText.open(recipe, hadoop),
            new org.apache.hadoop.fs.Path(statistics.toUri()),
            "of-statistics");
  }

  private Optional<QuantPlan> planIfAny(ModelHandle model, RecipeText recipe, Path statistics) {
    return new SelectJob(spark)
        .runIfAny(
            model, recipe, new org.apache.hadoop.fs.Path(statistics.toUri()), "of-statistics", 1);
  }

  private Path statistics(String name, int partitions, Map<String, float[]> tensors) {
    Path table = folder.resolve(name);
    ObservedTables.write(table, partitions, tensors);
    return table;
  }

  @Test
  void activationsGetTheirScaleFromTheExtremesOfTheStatistics() throws IOException {
    QuantPlan plan = select(model(product()), "int8", statistics("s", 1, Map.of("x", VALUES)));
    TensorPlan x = plan.find("x", Role.ACTIVATION).orElseThrow();
    // 255 steps from -64 to 191 are 1 wide each, and 0 is the 64th.
    assertThat(x.scales()).containsExactly(1);
    assertThat(x.zeroPoints()).containsExactly(64);
    assertThat(x.consumers()).containsExactly("product");
    assertThat(plan.statisticsSha256()).isEqualTo("of-statistics");
  }

  @Test
  void aRangeWithoutZeroIsWidenedToIt() throws IOException {
    QuantPlan plan =
        select(model(product()), "int8", statistics("s", 1, Map.of("x", new float[] {51, 510})));
    TensorPlan x = plan.find("x", Role.ACTIVATION).orElseThrow();
    assertThat(x.scales()).containsExactly(2);
    assertThat(x.zeroPoints()).containsExactly(0);
  }

  @Test
  void weightsGetAScaleOfEveryColumnFromTheirValues() throws IOException {
    QuantPlan plan = select(model(product()), "int8", statistics("s", 1, Map.of("x", VALUES)));
    TensorPlan w = plan.find("w", Role.WEIGHT).orElseThrow();
    assertThat(w.axis()).hasValue(1);
    assertThat(w.scales()).containsExactly(1, 2, .5f);
    assertThat(w.zeroPoints()).containsExactly(0, 0, 0);
  }

  @Test
  void thePlanIsTheSameHoweverTheStatisticsLie() throws IOException {
    ModelHandle model = model(product());
    Map<String, float[]> tensors = Map.of("x", VALUES, "y", new float[] {1, 2}, "z", VALUES);
    String once = QuantPlanJson.format(select(model, "int8", statistics("one", 1, tensors)));
    assertThat(QuantPlanJson.format(select(model, "int8", statistics("three", 3, tensors))))
        .isEqualTo(once)
        .doesNotContain("\"z\"");
  }

  @Test
  void weightsAloneNeedNoStatistics() throws IOException {
    QuantPlan plan = select(model(product()), "int8-weights", folder.resolve("nowhere"));
    assertThat(plan.quantized(Role.ACTIVATION)).isEmpty();
    assertThat(plan.find("w", Role.WEIGHT).orElseThrow().scales()).containsExactly(1, 2, .5f);
  }

  @Test
  void aWeightWithoutFiniteValuesStaysFloatAndSaysWhy() throws IOException {
    QuantPlan plan =
        select(
            model(product(1, 2, Float.NaN, 4, 5, 6)),
            "int8",
            statistics("s", 1, Map.of("x", VALUES)));
    TensorPlan w = plan.find("w", Role.WEIGHT).orElseThrow();
    assertThat(w.quantized()).isFalse();
    assertThat(w.floatReason()).hasValueSatisfying(why -> assertThat(why).contains("NaN"));
  }

  @Test
  void statisticsThatLackATensorAreRefusedByItsName() throws IOException {
    ModelHandle model = model(product());
    Path other = statistics("s", 1, Map.of("elsewhere", VALUES));
    refused(
        () -> select(model, "int8", other),
        "The statistics lack 1 tensors that recipe 'int8' needs: x.");
  }

  @Test
  void aModelWithoutAnythingToQuantizeIsRefused() throws IOException {
    ModelHandle model =
        model(
            Models.exported(13)
                .input("x", "batch", 2)
                .node("Relu", "bend", List.of("x"), "y")
                .output("y", TensorProto.DataType.FLOAT, "batch", 2));
    refused(
        () -> select(model, "int8", folder.resolve("nowhere")),
        "has nothing to quantize by recipe 'int8'");
  }

  /** The logarithm of the magnitude of one product. */
  private static Models logarithm() {
    return Models.exported(13)
        .input("x", "batch", 2)
        .constant(Models.floats("w", new float[] {127, -254, 1, -3, 10, 63.5f}, 2, 3))
        .node("MatMul", "product", List.of("x", "w"), "p")
        .node("Abs", "size", List.of("p"), "b")
        .node("Log", "log", List.of("b"), "y")
        .output("y", TensorProto.DataType.FLOAT, "batch", 3);
  }

  /** The only product is suspected by the graph, so everything depends on the statistics. */
  @Test
  void statisticsDecideWhereTheGraphSuspectsEveryProduct() throws IOException {
    ModelHandle model = model(logarithm());
    RecipeText recipe = RecipeText.open(RecipeOptions.of("int8"), hadoop);
    Quantizable.requireCandidates(model, recipe);
    assertThat(Quantizable.needsStatistics(model, recipe)).isTrue();
    Path far = statistics("far", 1, Map.of("x", VALUES, "b", new float[] {5_000, 20_000, 80_000}));
    assertThat(select(model, "int8", far).quantized(Role.WEIGHT))
        .extracting(TensorPlan::tensor)
        .containsExactly("w");
    Path near = statistics("near", 1, Map.of("x", VALUES, "b", new float[] {1e-6f, 1e-3f, 80_000}));
    refused(() -> select(model, "int8", near), "its rounding noise would meet the logarithm");
    assertThat(planIfAny(model, recipe, far)).contains(select(model, "int8", far));
    assertThat(planIfAny(model, recipe, near)).isEmpty();
    assertThat(LevelledRecipe.weights(model, recipe)).containsExactly("w");
    RecipeText dynamic = RecipeText.open(RecipeOptions.of("int8-dynamic"), hadoop);
    refused(
        () -> Quantizable.requireCandidates(model, dynamic),
        "its rounding noise would meet the logarithm");
  }

  /** Scales of AWQ are found before ranges are, of checked statistics. */
  @Test
  void rangesAreNotTheFirstUseOfStatisticsWhereChannelsAreScaled() throws IOException {
    ModelHandle model = model(product());
    Path recipe = folder.resolve("awq.conf");
    String mixed =
        Files.readString(Path.of("..", "conf", "recipes", "int8.conf"))
            + "mode = weight-only\nrules = [ { tensors = product, mode = static } ]\n";
    Files.writeString(recipe, mixed + "gptq { damping = 0.01, awq = off }\n");
    assertThat(Quantizable.readsActivationsFirst(model, recipe(recipe))).isTrue();
    Files.writeString(recipe, mixed + "gptq { damping = 0.01, awq = on }\n");
    assertThat(Quantizable.readsActivationsFirst(model, recipe(recipe))).isFalse();
  }

  private RecipeText recipe(Path file) throws IOException {
    return RecipeText.open(RecipeOptions.of(file.toString()), hadoop);
  }

  /** A feature is lost beside a coordinate, and one result of the first product is made of it. */
  @Test
  void aProductOfSmallChannelsBesideLargeOnesStaysFloat() throws IOException {
    assertThat(reason(joined("parts-unseen", Map.of())))
        .startsWith(
            "its input 't' joins parts of unlike scale: one scale leaves 0.0 dB of channel 1")
        .endsWith("; how far its parts reach was not observed");
    assertThat(
            reason(
                joined(
                    "unlike-parts",
                    Map.of("place", new float[] {0, 255}, "feature", new float[] {.25f, .125f}))))
        .endsWith("; its part 'place' reaches 255.0, 'feature' 0.25");
  }

  private static String reason(QuantPlan plan) {
    assertThat(plan.quantized(Role.WEIGHT)).extracting(TensorPlan::tensor).containsExactly("v");
    return plan.find("w", Role.WEIGHT).orElseThrow().floatReason().orElseThrow();
  }

  /** Both parts may have the small channel: it is judged as in any other input. */
  @Test
  void smallChannelsOfAlikePartsAreNoReason() throws IOException {
    float[] alike = {0, 255};
    QuantPlan plan = joined("alike-parts", Map.of("place", alike, "feature", alike));
    assertThat(plan.quantized(Role.WEIGHT))
        .extracting(TensorPlan::tensor)
        .containsExactlyInAnyOrder("v", "w");
  }

  /** Each channel has values of both parts, so that channels tell nothing of them. */
  @Test
  void partsBelowEachOtherAreJudgedAsParts() throws IOException {
    Map<String, float[]> unlike =
        Map.of("place", new float[] {0, 255}, "feature", new float[] {.25f, .125f});
    assertThat(reason(joined("unlike-rows", 0, unlike)))
        .startsWith(
            "its input 't' joins parts of unlike scale: its range [0.0, 255.0] leaves 0.0 dB of"
                + " 'feature' in [0.125, 0.25], less than 20, and one of its own ");
    float[] alike = {0, 255};
    for (QuantPlan plan :
        List.of(
            joined("rows-unseen", 0, Map.of()),
            joined("alike-rows", 0, Map.of("place", alike, "feature", alike)))) {
      assertThat(plan.quantized(Role.WEIGHT))
          .extracting(TensorPlan::tensor)
          .containsExactlyInAnyOrder("v", "w");
    }
  }

  private QuantPlan joined(String name, Map<String, float[]> parts) throws IOException {
    return joined(name, 1, parts);
  }

  /** The plan of a product whose input has a small channel beside a large one. */
  private QuantPlan joined(String name, int axis, Map<String, float[]> parts) throws IOException {
    ModelHandle model =
        model(
            Models.exported(13)
                .input("place", "batch", 2 - axis)
                .input("feature", "batch", 2 - axis)
                .constant(Models.floats("w", new float[] {1, 0, 0, 1}, 2, 2))
                .weight("v", 2, 2)
                .node(
                    "Concat",
                    "join",
                    List.of("place", "feature"),
                    "t",
                    Models.integer("axis", axis))
                .node("MatMul", "product", List.of("t", "w"), "h")
                .node("MatMul", "layer", List.of("h", "v"), "y")
                .output("y", TensorProto.DataType.FLOAT, "batch", 2));
    List<TensorStatistics> seen = new ArrayList<>();
    seen.add(
        ObservedTables.observed(
            "t",
            ObserverOptions.ofChannels(ChannelMode.HISTOGRAM, 1),
            Shape.of(2, 2),
            0,
            .25f,
            255,
            .125f));
    seen.add(
        ObservedTables.observed("h", ObserverOptions.ofWhole(), Shape.of(VALUES.length), VALUES));
    parts.forEach(
        (part, values) ->
            seen.add(
                ObservedTables.observed(
                    part, ObserverOptions.ofWhole(), Shape.of(values.length), values)));
    Path statistics = folder.resolve(name);
    ObservedTables.write(statistics, seen);
    return select(model, "int8", statistics);
  }

  /** A channel that is 8 once in 30,000 values: factors would take the others' range with it. */
  @Test
  void inputsThatFactorsWouldSpoilAreNotEqualized() throws IOException {
    ModelHandle model =
        model(
            Models.exported(13)
                .input("x", "batch", 3, 1, 8)
                .weight("k", 4, 3, 1, 1)
                .weight("w", 2, 4, 1, 1)
                .node("Conv", "first", List.of("x", "k"), "h")
                .node("Conv", "second", List.of("h", "w"), "y")
                .output("y", TensorProto.DataType.FLOAT, "batch", 2, 1, 8));
    float[] values = new float[120_000];
    for (int i = 0; i < 30_000; i++) {
      values[i] = i == 5_000 ? 8 : 0;
      values[30_000 + i] = i % 16 / 2f;
      values[60_000 + i] = i % 8 / 32f;
      values[90_000 + i] = i % 4 / 4f;
    }
    Path statistics = folder.resolve("rare");
    ObserverOptions channels = ObserverOptions.ofChannels(ChannelMode.HISTOGRAM, 1);
    ObservedTables.write(
        statistics,
        List.of(
            ObservedTables.observed("x", channels, Shape.of(1, 3, 1, 1), -1, 0, 1),
            ObservedTables.observed("h", channels, Shape.of(1, 4, 1, 30_000), values)));
    Path recipe = folder.resolve("equalized.conf");
    Files.writeString(
        recipe,
        Files.readString(Path.of("..", "conf", "recipes", "int8.conf")) + "equalization = on\n");
    QuantPlan plan = select(model, recipe.toString(), statistics);
    assertThat(plan.smoothed()).isEmpty();
    TensorPlan input = plan.find("h", Role.ACTIVATION).orElseThrow();
    assertThat(input.quantized()).isTrue();
    assertThat(input.decidedBy())
        .startsWith("recipe; not equalized: factors of its channels from ")
        .endsWith(" dB larger");
    assertThat(FloatReasons.unequalized(plan).orElseThrow())
        .contains("1 x not equalized, since the expected error would be larger (h): ");
    assertThat(FloatReasons.guarded(plan)).isEmpty();
  }

  /** The guard of the percentile needs the channels: 255 is rare, but decisive for the place. */
  @Test
  void aJoinedTensorIsJudgedByTheRangeThatTheGuardChooses() throws IOException {
    ModelHandle model =
        model(
            Models.exported(13)
                .input("x", "batch", 1)
                .input("place", "batch", 1)
                .weight("w", 1, 1)
                .node("MatMul", "product", List.of("x", "w"), "score")
                .node("Concat", "join", List.of("place", "score"), "t", Models.integer("axis", 1))
                .node("Add", "twice", List.of("t", "t"), "y")
                .output("y", TensorProto.DataType.FLOAT, "batch", 2));
    int rows = 4000;
    float[] places = new float[rows];
    float[] scores = new float[rows];
    float[] both = new float[2 * rows];
    for (int row = 0; row < rows; row++) {
      places[row] = row % 2000 == 0 ? 255 : 0;
      scores[row] = row % 8 / 32f;
      both[2 * row] = places[row];
      both[2 * row + 1] = scores[row];
    }
    List<TensorStatistics> seen = new ArrayList<>();
    for (String tensor : List.of("x", "score")) {
      seen.add(ObservedTables.observed(tensor, ObserverOptions.ofWhole(), Shape.of(rows), scores));
    }
    seen.add(ObservedTables.observed("place", ObserverOptions.ofWhole(), Shape.of(rows), places));
    for (String tensor : List.of("t", "y")) {
      seen.add(
          ObservedTables.observed(
              tensor,
              ObserverOptions.ofChannels(ChannelMode.HISTOGRAM, 1),
              Shape.of(rows, 2),
              both));
    }
    Path statistics = folder.resolve("guarded");
    ObservedTables.write(statistics, seen);
    Path recipe = folder.resolve("percentile.conf");
    Path shipped = Path.of("..", "conf", "recipes");
    Files.writeString(
        recipe,
        Files.readString(shipped.resolve("int8.conf"))
            + Files.readString(shipped.resolve("int8-all.conf")).replaceFirst("include .*", "")
            + "activations.method = percentile-99.9\n");
    QuantPlan plan = select(model, recipe.toString(), statistics);
    assertThat(plan.find("t", Role.ACTIVATION).orElseThrow().floatReason().orElseThrow())
        .startsWith(
            "it joins parts of unlike scale: its range [0.0, 255.0] leaves 0.0 dB of 'score'");
  }

  /** Moved, it would get the same scale again. */
  @Test
  void aJoinedTensorWithASmallPartStaysFloatWhereverItIsMoved() throws IOException {
    ModelHandle model =
        model(
            Models.exported(13)
                .input("x", "batch", 2)
                .input("score", "batch", 2)
                .weight("w", 2, 2)
                .node("MatMul", "product", List.of("x", "w"), "place")
                .node("Concat", "join", List.of("place", "score"), "t", Models.integer("axis", 1))
                .node("Transpose", "turn", List.of("t"), "u", Models.ints("perm", 1L, 0L))
                .node("Add", "twice", List.of("u", "u"), "y")
                .output("y", TensorProto.DataType.FLOAT, 4, "batch"));
    float[] large = {-300, 200};
    float[] small = {.25f, .125f, 1};
    Map<String, float[]> tensors =
        Map.of("x", VALUES, "place", large, "score", small, "t", large, "u", large, "y", large);
    QuantPlan plan = select(model, "int8-all", statistics("all", 1, tensors));
    for (String tensor : List.of("t", "u")) {
      assertThat(plan.find(tensor, Role.ACTIVATION).orElseThrow().floatReason().orElseThrow())
          .as(tensor)
          .startsWith("it joins parts of unlike scale: its range [-300.0, 200.0] leaves ")
          .contains(" dB of 'score' in [0.125, 1.0], less than 20, and one of its own ");
    }
    assertThat(plan.find("place", Role.ACTIVATION).orElseThrow().quantized()).isTrue();
    assertThat(plan.find("score", Role.ACTIVATION).orElseThrow().quantized()).isTrue();
  }

  @Test
  void onlyWhatIsQuantizedIsSmoothed() throws IOException {
    RecipeText recipe = RecipeText.open(RecipeOptions.of("int8-transformer"), hadoop);
    ModelGraph graph = model(logarithm()).prepared().graph();
    assertThat(SelectSmoothing.Groups.of(recipe, graph, Map.of()).tensors()).containsExactly("x");
    assertThat(SelectSmoothing.Groups.of(recipe, graph, Map.of("product", "noise")).tensors())
        .isEmpty();
  }

  @Test
  void equalReasonsAreToldOnceWithTheRecipeOfTheTarget() throws IOException {
    ModelHandle model =
        model(
            Models.exported(13)
                .input("x", "batch", 16)
                .weight("w1", 16, 16)
                .weight("w2", 16, 16)
                .node("MatMul", "one", List.of("x", "w1"), "h")
                .node("MatMul", "two", List.of("h", "w2"), "y")
                .output("y", TensorProto.DataType.FLOAT, "batch", 16));
    refused(
        () ->
            select(
                model,
                new RecipeOptions("int8", "tensorrt", false, Optional.empty()),
                folder.resolve("nowhere")),
        "by recipe 'int8' for target tensorrt",
        "(one, two: TensorRT computes MatMul in integers with",
        "; without --recipe this target takes int8-tensorrt");
  }

  @Test
  void thePlanIsAlsoATableOfOneFile() throws IOException {
    QuantPlan plan = select(model(product()), "int8-weights", folder.resolve("nowhere"));
    Path table = folder.resolve("plan");
    new SelectJob(spark).write(plan, new org.apache.hadoop.fs.Path(table.toUri()), "run-1");
    try (var files = Files.list(table)) {
      assertThat(files.filter(file -> file.toString().endsWith(".parquet"))).hasSize(1);
    }
    assertThat(
            spark
                .read()
                .parquet(table.toString())
                .where("tensor = 'w' and role = 'weight'")
                .select("scale")
                .collectAsList())
        .extracting(row -> row.getFloat(0))
        .containsExactly(1f, 2f, .5f);
  }

  private static void refused(ThrowingCallable call, String... words) {
    assertThatThrownBy(call)
        .isInstanceOf(TareException.class)
        .hasMessageContainingAll(words)
        .extracting(e -> ((TareException) e).exitCode())
        .isEqualTo(ExitCode.BAD_INPUT);
  }
}
