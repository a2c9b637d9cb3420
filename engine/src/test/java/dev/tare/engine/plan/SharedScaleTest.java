package dev.tare.engine.plan;

import static org.assertj.core.api.Assertions.assertThat;

import ai.onnxruntime.OrtSession.SessionOptions.OptLevel;
import com.typesafe.config.ConfigFactory;
import dev.tare.engine.model.Observation;
import dev.tare.engine.observe.ChannelMode;
import dev.tare.engine.observe.ObserverOptions;
import dev.tare.engine.onnx.OnnxModel;
import dev.tare.engine.onnx.Reference;
import dev.tare.engine.onnx.StaticPlans;
import dev.tare.engine.onnx.view.OnnxGraph;
import dev.tare.engine.quant.QuantError;
import dev.tare.engine.recipe.Recipe;
import dev.tare.engine.recipe.RecipeParser;
import dev.tare.engine.recipe.Recipes;
import dev.tare.engine.recipe.Role;
import dev.tare.engine.statistics.Statistics;
import dev.tare.engine.statistics.TensorStatistics;
import dev.tare.engine.target.OnnxRuntimeTarget;
import dev.tare.engine.tensor.Shape;
import dev.tare.engine.tensor.Tensor;
import dev.tare.testkit.Models;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;

class SharedScaleTest {

  private static final String ALL = Observation.ALL_SUPPORTED;
  private static final int PLACES = 64;

  /** A detector's head: two coordinates in units of the stride, and two scores, one row each. */
  private static OnnxModel detector(float stride) {
    return Models.opset(13)
        .input("x", 1, 4, 8, 8)
        .weight("w", 2, 4, 1, 1)
        .weight("v", 2, 4, 1, 1)
        .constant(Models.floats("stride", new float[] {stride}))
        .node("Conv", "x w", "b")
        .node("Conv", "x v", "c")
        .node("Mul", "b stride", "boxes")
        .node("Sigmoid", "c", "scores")
        .node("Concat", "boxes scores", "joined", Models.integer("axis", 1))
        .node("Transpose", "joined", "y", Models.ints("perm", 0L, 1L, 3L, 2L))
        .output("y")
        .build();
  }

  private static Map<String, Tensor> picture() {
    Random random = new Random(7);
    float[] values = new float[4 * PLACES];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return Map.of("x", Tensor.ofFloats(Shape.of(1, 4, 8, 8), values));
  }

  private static Recipe changed(String line) {
    return RecipeParser.parse(
        "test",
        ConfigFactory.parseString(line)
            .withFallback(
                ConfigFactory.parseFile(
                    Path.of("..", "conf", "recipes", "int8-all.conf").toFile())),
        OnnxRuntimeTarget.INSTANCE);
  }

  private static double scoresDb(OnnxModel model, QuantPlan plan) {
    OnnxModel quantized = StaticPlans.quantized(model, plan);
    return QuantError.between(scores(model), scores(quantized)).sqnrDb();
  }

  private static float[] scores(OnnxModel model) {
    float[] all = Reference.run(model, picture(), OptLevel.NO_OPT).get("y").toFloatArray();
    return Arrays.copyOfRange(all, 2 * PLACES, all.length);
  }

  @Test
  void scoresBesideCoordinatesKeepTheJoinedOutputInFloat() {
    OnnxModel model = detector(100);
    Recipe recipe = Recipes.shipped("int8-all");
    QuantPlan plan = StaticPlans.plan(model, recipe, ALL, picture());
    for (String tensor : List.of("joined", "y")) {
      assertThat(plan.find(tensor, Role.ACTIVATION).filter(TensorPlan::quantized))
          .as(tensor)
          .isEmpty();
    }
    assertThat(plan.find("joined", Role.ACTIVATION).orElseThrow().floatReason().orElseThrow())
        .startsWith("it joins parts of unlike scale: its range [-")
        .contains(" dB of 'scores' in [0.", "], less than 20, and one of its own ");
    assertThat(plan.find("scores", Role.ACTIVATION).orElseThrow().quantized()).isTrue();
    double kept = scoresDb(model, plan);
    QuantPlan without = StaticPlans.plan(model, changed("guard = off"), ALL, picture());
    assertThat(without.find("joined", Role.ACTIVATION).orElseThrow().quantized()).isTrue();
    assertThat(kept).isGreaterThan(25);
    assertThat(scoresDb(model, without)).isLessThan(kept - 15);
  }

  /**
   * The place is 255 in a row of two thousand: the guard takes the range of all values instead of
   * the percentile, and it is the feature that is lost.
   */
  @Test
  void theRangeThatThePlanUsesDecides() {
    OnnxGraph graph =
        OnnxGraph.of(
            Models.opset(13)
                .input("place", "batch", 1)
                .input("feature", "batch", 1)
                .node("Concat", "place feature", "t", Models.integer("axis", 1))
                .node("Add", "t t", "y")
                .output("y")
                .build());
    float[] places = new float[4000];
    float[] features = new float[4000];
    float[] both = new float[8000];
    for (int row = 0; row < 4000; row++) {
      places[row] = row % 2000 == 0 ? 255 : 0;
      features[row] = row % 8 / 32f;
      both[2 * row] = places[row];
      both[2 * row + 1] = features[row];
    }
    TensorStatistics joined =
        Recipes.observed(
            "t", ObserverOptions.ofChannels(ChannelMode.HISTOGRAM, 1), Shape.of(4000, 2), both);
    Map<String, TensorStatistics> seen =
        Map.of(
            "t",
            joined,
            "place",
            Recipes.observed("place", places),
            "feature",
            Recipes.observed("feature", features));
    Recipe recipe = changed("activations.method = percentile-99.9");
    OnnxRuntimeTarget target = OnnxRuntimeTarget.INSTANCE;
    Map<String, String> found =
        SharedScale.found(
            graph,
            recipe,
            Candidates.of(target, target.placements().get(0), recipe, graph, Map.of()),
            tensor -> Optional.ofNullable(seen.get(tensor)).flatMap(TensorStatistics::whole),
            tensor -> seen.get(tensor).channels().stream().map(Statistics::distribution).toList());
    assertThat(found.get("t"))
        .startsWith(
            "it joins parts of unlike scale: its range [0.0, 255.0] leaves 0.0 dB of 'feature'");
  }

  @Test
  void partsOfLikeScaleShareOne() {
    QuantPlan plan = StaticPlans.plan(detector(1), Recipes.shipped("int8-all"), ALL, picture());
    assertThat(plan.find("joined", Role.ACTIVATION).orElseThrow().quantized()).isTrue();
    assertThat(plan.find("y", Role.ACTIVATION).orElseThrow().quantized()).isTrue();
  }
}
