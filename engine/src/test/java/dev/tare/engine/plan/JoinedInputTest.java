package dev.tare.engine.plan;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tare.engine.graph.QuantizableNode;
import dev.tare.engine.observe.ChannelMode;
import dev.tare.engine.observe.ObserverOptions;
import dev.tare.engine.onnx.view.OnnxGraph;
import dev.tare.engine.recipe.Recipe;
import dev.tare.engine.recipe.Recipes;
import dev.tare.engine.statistics.TensorStatistics;
import dev.tare.engine.target.OnnxRuntimeTarget;
import dev.tare.engine.tensor.Shape;
import dev.tare.testkit.Models;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.junit.jupiter.api.Test;

class JoinedInputTest {

  /** Results of a coordinate and a feature that stand side by side. */
  private static OnnxGraph joined(float... weights) {
    return OnnxGraph.of(
        Models.opset(13)
            .input("place", "batch", 1)
            .input("feature", "batch", 1)
            .constant(Models.floats("w", weights, 2, weights.length / 2))
            .node("Concat", "place feature", "t", Models.integer("axis", 1))
            .node("MatMul", "product", List.of("t", "w"), "y")
            .output("y")
            .build());
  }

  private static Map<String, List<QuantizableNode>> products(OnnxGraph graph, Recipe recipe) {
    OnnxRuntimeTarget target = OnnxRuntimeTarget.INSTANCE;
    return JoinedInput.products(
        graph, Candidates.of(target, target.placements().get(0), recipe, graph, Map.of()));
  }

  private static TensorStatistics observed(ChannelMode mode) {
    return Recipes.observed(
        "t",
        ObserverOptions.ofChannels(mode, 1),
        Shape.of(4, 2),
        0,
        .25f,
        255,
        .0625f,
        255,
        .125f,
        0,
        .25f);
  }

  private static Optional<String> against(ChannelMode mode, float... weights) {
    OnnxGraph graph = joined(weights);
    Recipe recipe = Recipes.int8();
    QuantizableNode product = products(graph, recipe).get("t").get(0);
    return JoinedInput.against(product, recipe, observed(mode), graph);
  }

  /**
   * By hand: steps of 1 keep 0 and 255 and lose the feature. The first result has nothing of it,
   * the second a part that does not count beside the place, and nothing else is in the third.
   */
  @Test
  void aResultOfTheSmallPartAloneIsLost() {
    assertThat(against(ChannelMode.HISTOGRAM, 1, 1, 0, 0, 1, 1))
        .get(InstanceOfAssertFactories.STRING)
        .startsWith(
            "its input 't' joins parts of unlike scale: one scale leaves 0.0 dB of channel 2 of its"
                + " results, less than 20, and one for each channel ")
        .endsWith(" (1 of 3 channels)");
  }

  @Test
  void smallWeightsOfTheSmallPartDoNoHarm() {
    assertThat(against(ChannelMode.HISTOGRAM, 1, 1, 0, 1)).isEmpty();
  }

  /** A thousand times the feature against a thousandth of the place: it counts after all. */
  @Test
  void largeWeightsOfTheSmallPartCount() {
    assertThat(against(ChannelMode.HISTOGRAM, 1, .001f, 0, 1000)).isPresent();
  }

  /**
   * The place is 255 in a row of two thousand: beyond the percentile, but the guard takes the range
   * of all values, in which the feature is lost. By the percentile 27 dB would be left.
   */
  @Test
  void theRangeThatThePlanUsesDecides() {
    float[] values = new float[8000];
    for (int row = 0; row < 4000; row++) {
      values[2 * row] = row % 2000 == 0 ? 255 : 0;
      values[2 * row + 1] = row % 8 / 32f;
    }
    TensorStatistics statistics =
        Recipes.observed(
            "t", ObserverOptions.ofChannels(ChannelMode.HISTOGRAM, 1), Shape.of(4000, 2), values);
    OnnxGraph graph = joined(.001f, 1);
    for (String guard : List.of("on", "off")) {
      Recipe recipe = Recipes.int8("activations.method = percentile-99.9", "guard = " + guard);
      QuantizableNode product = products(graph, recipe).get("t").get(0);
      assertThat(JoinedInput.against(product, recipe, statistics, graph).isPresent())
          .as(guard)
          .isEqualTo(guard.equals("on"));
    }
  }

  /** Smoothing brings the channels to one scale. */
  @Test
  void smoothedProductsAreNotJudged() {
    OnnxGraph graph = joined(0, 1);
    Recipe recipe = Recipes.int8("smoothing.alpha = 0.5");
    QuantizableNode product = products(graph, recipe).get("t").get(0);
    assertThat(against(ChannelMode.HISTOGRAM, 0, 1)).isPresent();
    assertThat(JoinedInput.against(product, recipe, observed(ChannelMode.HISTOGRAM), graph))
        .isEmpty();
  }

  @Test
  void nothingIsKnownWithoutHistogramsOfChannels() {
    assertThat(against(ChannelMode.EXTREMES, 0, 1)).isEmpty();
  }

  @Test
  void onlyStaticProductsOfJoinedInputsAreJudged() {
    assertThat(products(joined(1, 1), Recipes.int8())).containsOnlyKeys("t");
    assertThat(products(joined(1, 1), Recipes.int8("mode = weight-only"))).isEmpty();
    OnnxGraph plain =
        OnnxGraph.of(
            Models.opset(13)
                .input("x", "batch", 4)
                .weight("w", 4, 4)
                .node("MatMul", "x w", "y")
                .output("y")
                .build());
    assertThat(products(plain, Recipes.int8())).isEmpty();
  }

  /** Groups read their own channels: the second of both reads the feature alone. */
  @Test
  void aGroupReadsItsOwnChannels() {
    OnnxGraph graph =
        OnnxGraph.of(
            Models.opset(13)
                .input("place", "batch", 1, 2)
                .input("feature", "batch", 1, 2)
                .constant(Models.floats("w", new float[] {1, 1}, 2, 1, 1))
                .node("Concat", "place feature", "t", Models.integer("axis", 1))
                .node("Conv", "t w", "y", Models.integer("group", 2))
                .output("y")
                .build());
    Recipe recipe = Recipes.int8("operators = [Conv]");
    QuantizableNode product = products(graph, recipe).get("t").get(0);
    assertThat(JoinedInput.against(product, recipe, observed(ChannelMode.HISTOGRAM), graph))
        .get(InstanceOfAssertFactories.STRING)
        .contains("of channel 1 of its results");
  }

  /** Whether the input of a product is found to be joined along another axis than the channels. */
  private static boolean across(Models model) {
    OnnxGraph graph = OnnxGraph.of(model.output("y").build());
    return !JoinedInput.across(graph, products(graph, Recipes.int8("operators = [MatMul, Conv]")))
        .isEmpty();
  }

  private static Models parts(Object... shape) {
    return Models.opset(13).input("a", shape).input("b", shape);
  }

  private static boolean rows(int axis, Object... shape) {
    return across(
        parts(shape)
            .weight("w", 4, 4)
            .node("Concat", "a b", "t", Models.integer("axis", axis))
            .node("MatMul", "t w", "y"));
  }

  private static boolean places(int axis) {
    return across(
        parts("batch", 4, 8)
            .weight("w", 4, 4, 1)
            .node("Concat", "a b", "t", Models.integer("axis", axis))
            .node("Conv", "t w", "y"));
  }

  @Test
  void theAxisOfAJoinIsComparedWithThatOfTheChannels() {
    assertThat(List.of(rows(0, "batch", 4), rows(-2, "batch", 4))).containsOnly(true);
    assertThat(List.of(rows(1, "batch", 2), rows(-1, "batch", 2))).containsOnly(false);
    assertThat(List.of(rows(1, 3, "batch", 4), rows(0, 3, "batch", 4))).containsOnly(true);
    assertThat(List.of(places(2), places(-1), places(0))).containsOnly(true);
    assertThat(List.of(places(1), places(-2))).containsOnly(false);
  }

  /** What multiplies the rows of one reader are the channels of another. */
  @Test
  void readersOfSeveralAxesAreNotAcross() {
    Models alone =
        parts(2, 4).weight("w", 4, 4).node("Concat", "a b", "t", Models.integer("axis", 0));
    assertThat(across(alone.node("MatMul", "t w", "y"))).isTrue();
    Models both =
        parts(2, 4).weight("w", 4, 4).node("Concat", "a b", "t", Models.integer("axis", 0));
    assertThat(across(both.node("MatMul", "t w", "y").node("MatMul", "w t", "z"))).isFalse();
  }

  /** Along the channels as soon as one join is; and what moves axes is not followed. */
  @Test
  void allJoinsMustBeAcross() {
    assertThat(
            across(
                parts("batch", 4)
                    .weight("w", 4, 4)
                    .node("Concat", "a b", "s", Models.integer("axis", 0))
                    .node("Identity", "s", "i")
                    .node("Concat", "i a", "t", Models.integer("axis", 0))
                    .node("MatMul", "t w", "y")))
        .isTrue();
    assertThat(
            across(
                parts("batch", 2)
                    .weight("w", 4, 4)
                    .node("Concat", "a b", "s", Models.integer("axis", 1))
                    .node("Concat", "s s", "t", Models.integer("axis", 0))
                    .node("MatMul", "t w", "y")))
        .isFalse();
    assertThat(
            across(
                parts(4, "batch")
                    .weight("w", 4, 4)
                    .node("Concat", "a b", "s", Models.integer("axis", 1))
                    .node("Transpose", "s", "t", Models.ints("perm", 1L, 0L))
                    .node("MatMul", "t w", "y")))
        .isFalse();
  }
}
