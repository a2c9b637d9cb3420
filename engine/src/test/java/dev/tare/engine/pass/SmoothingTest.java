package dev.tare.engine.pass;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import dev.tare.engine.observe.ChannelMode;
import dev.tare.engine.observe.ObserverOptions;
import dev.tare.engine.onnx.OnnxModel;
import dev.tare.engine.onnx.view.OnnxGraph;
import dev.tare.engine.plan.Candidates;
import dev.tare.engine.plan.SmoothedInput;
import dev.tare.engine.recipe.Recipe;
import dev.tare.engine.recipe.Recipes;
import dev.tare.engine.recipe.SmoothingRule;
import dev.tare.engine.statistics.TensorStatistics;
import dev.tare.engine.target.OnnxRuntimeTarget;
import dev.tare.engine.tensor.Shape;
import dev.tare.testkit.Models;
import dev.tare.testkit.SmallModels;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import org.junit.jupiter.api.Test;

class SmoothingTest {

  private static final double ABOVE = 1e30;

  private static Map<String, Smoothing.Group> groups(OnnxModel model, String... changes) {
    Recipe recipe = Recipes.int8(changes);
    OnnxGraph graph = OnnxGraph.of(model);
    return Smoothing.groups(
        Candidates.of(OnnxRuntimeTarget.INSTANCE, recipe, graph), graph, recipe);
  }

  private static OnnxModel product(float[] weights, long rows, long columns) {
    return Models.opset(13)
        .input("x", "batch", rows)
        .constant(Models.floats("w", weights, rows, columns))
        .node("MatMul", "product", List.of("x", "w"), "y")
        .output("y")
        .build();
  }

  private static TensorStatistics observed(int channels, float... values) {
    return Recipes.observed(
        "x",
        ObserverOptions.ofChannels(ChannelMode.EXTREMES, -1),
        Shape.of(values.length / channels, channels),
        values);
  }

  private static Optional<SmoothedInput> smooth(
      OnnxModel model, double alpha, TensorStatistics statistics) {
    return Smoothing.smooth(
        groups(model).get("x"), statistics, OnnxGraph.of(model), new SmoothingRule(alpha), ABOVE);
  }

  /** s is sqrt(4 / 1) and sqrt(1 / 4), whose geometric mean is 1. */
  @Test
  void spreadIsSharedInHalves() {
    OnnxModel model = product(new float[] {1, -.5f, 4, 2}, 2, 2);
    assertThat(smooth(model, .5, observed(2, -4, .5f, 3, 1)))
        .contains(new SmoothedInput("x", "x_smoothed", List.of("product"), .5, List.of(.5f, 2f)));
  }

  /**
   * Channels from -1 to 7 and from 1 to 2: the middles 3 and 1.5 are subtracted, what is left
   * reaches 4 and 1/2; s is sqrt(4 / 1) and sqrt(.5 / 2), whose geometric mean is 1.
   */
  @Test
  void middlesOfChannelsAreMovedToZero() {
    SmoothedInput input = shifted(-1, 1, 7, 2, 3, 1.5f);
    assertThat(input.factors()).containsExactly(.5f, 2f);
    assertThat(input.offsets()).containsExactly(-1.5f, -3f);
  }

  /** The values of the first channel are at one end of its range but for one. */
  @Test
  void channelsFarFromTheirMiddlesAreNotShifted() {
    float[] values = new float[80];
    values[0] = 8;
    values[1] = 1;
    assertThat(shifted(values).offsets()).isEmpty();
  }

  private static SmoothedInput shifted(float... values) {
    OnnxModel model = product(new float[] {1, -.5f, 2, 2}, 2, 2);
    TensorStatistics statistics =
        Recipes.observed(
            "x",
            ObserverOptions.ofChannels(ChannelMode.HISTOGRAM, -1),
            Shape.of(values.length / 2, 2),
            values);
    return Smoothing.smooth(
            groups(model).get("x"),
            statistics,
            OnnxGraph.of(model),
            new SmoothingRule(OptionalDouble.of(.5), true),
            ABOVE)
        .orElseThrow();
  }

  /** numpy: s = a ** .8 / w ** .2; s /= exp(log(s).mean()); float32(1 / s). */
  @Test
  void factorsAreThoseOfNumpy() {
    OnnxModel model =
        product(new float[] {.5f, -.25f, 1.5f, .75f, -2, .125f, .0625f, -.03125f}, 4, 2);
    List<Float> factors =
        smooth(model, .8, observed(4, 22, -1.5f, .25f, 3)).orElseThrow().factors();
    double[] numpy = {
      0.1570262759923935, 1.6767245531082153, 7.446813583374023, 0.5100297331809998
    };
    assertThat(factors).hasSize(numpy.length);
    for (int j = 0; j < numpy.length; j++) {
      assertThat((double) factors.get(j)).isCloseTo(numpy[j], within(numpy[j] * 1e-7));
    }
  }

  /**
   * In Python, from the values themselves, the error is least at 0.4: 0.009468 beside 0.009504 at
   * 0.35, 0.009545 at 0.45 and 0.013814 at 0.8.
   */
  @Test
  void alphaHasTheLeastExpectedError() {
    OnnxModel model =
        product(new float[] {.5f, -.25f, 1.5f, .75f, -2, .125f, .0625f, -.03125f}, 4, 2);
    float[] values = {
      22, -1.5f, .25f, 3, -.5f, .75f, -.125f, -1, 1, .5f, .5f, 2, .25f, -.25f, .0625f, -2
    };
    TensorStatistics statistics =
        Recipes.observed(
            "x",
            ObserverOptions.ofChannels(ChannelMode.HISTOGRAM, -1),
            Shape.of(values.length / 4, 4),
            values);
    SmoothingRule rule = new SmoothingRule(OptionalDouble.empty(), false);
    Map<String, Smoothing.Group> groups = groups(model);
    assertThat(Smoothing.smooth(groups.get("x"), statistics, OnnxGraph.of(model), rule, ABOVE))
        .isEqualTo(smooth(model, .4, statistics));
    assertThatIllegalArgumentException()
        .isThrownBy(
            () ->
                Smoothing.smooth(
                    groups.get("x"), observed(4, 1, 2, 3, 4), OnnxGraph.of(model), rule, ABOVE))
        .withMessage(
            "Statistics of tensor 'x' have no histograms of its channels, which smoothing with alpha ="
                + " by-statistics or shift = on needs: calibrate with --channels histogram");
  }

  @Test
  void productsThatShareTheInputShareTheFactors() {
    OnnxModel model = SmallModels.mlp().build();
    Map<String, Smoothing.Group> groups = groups(model);
    assertThat(groups.keySet()).containsExactly("d", "x");
    assertThat(groups.get("x").products())
        .extracting(product -> product.node())
        .containsExactly("first", "second");
    assertThat(groups(model, "mode = weight-only")).isEmpty();
    assertThat(groups(model, "exclude = [second]").get("x").products()).hasSize(1);
  }

  @Test
  void rowsOfATransposedWeightAreItsColumns() {
    OnnxModel model =
        Models.opset(13)
            .input("x", "batch", 2)
            .constant(Models.floats("w", new float[] {1, 4, -.5f, 2}, 2, 2))
            .node("Gemm", "product", List.of("x", "w"), "y", Models.integer("transB", 1))
            .output("y")
            .build();
    assertThat(smooth(model, .5, observed(2, -4, 1)).orElseThrow().factors())
        .containsExactly(.5f, 2f);
  }

  @Test
  void convolutionsAndStacksOfMatricesKeepTheirInputs() {
    assertThat(groups(SmallModels.cnn().build(), "operators = [Conv, Gemm]").keySet())
        .containsExactly("flat");
    OnnxModel stack =
        Models.opset(13)
            .input("x", 3, "batch", 2)
            .weight("w", 3, 2, 2)
            .node("MatMul", "product", List.of("x", "w"), "y")
            .output("y")
            .build();
    assertThat(groups(stack)).isEmpty();
  }

  @Test
  void resultHasAnUnusedName() {
    OnnxModel model =
        Models.opset(13)
            .input("x", "batch", 2)
            .weight("w", 2, 2)
            .node("Relu", "x", "x_smoothed")
            .node("MatMul", "product", List.of("x", "w"), "y")
            .output("y", "x_smoothed")
            .build();
    assertThat(groups(model).get("x").result()).isEqualTo("x_smoothed_1");
  }

  @Test
  void channelsWithoutValuesGetNoExtremeFactor() {
    OnnxModel model = product(new float[] {1, 1, 0}, 3, 1);
    List<Float> factors = smooth(model, .8, observed(3, 2, 0, 2)).orElseThrow().factors();
    double least = Math.pow(2, -14 * .8);
    assertThat((double) factors.get(1) / factors.get(0)).isCloseTo(1 / least, within(1e-2));
    assertThat((double) factors.get(2) / factors.get(0))
        .isCloseTo(Math.pow(2, -14 * .2), within(1e-6));
  }

  @Test
  void inputsThatCannotBeScaledStayAsTheyAre() {
    OnnxModel model = product(new float[] {1, 2}, 2, 1);
    assertThat(smooth(model, .8, observed(2, 0, 0))).isEmpty();
    assertThat(smooth(model, .8, observed(2, 1, Float.NaN))).isEmpty();
    assertThat(smooth(model, .8, observed(2, 1, -3.4e38f))).isEmpty();
    assertThat(smooth(model, .8, observed(3, 1, 1, 1))).isEmpty();
    assertThat(smooth(product(new float[2], 2, 1), .8, observed(2, 1, 1))).isEmpty();
    assertThatIllegalArgumentException()
        .isThrownBy(() -> smooth(model, .8, Recipes.observed("x", 1, 2)))
        .withMessage(
            "Statistics of tensor 'x' have no channels, which smoothing needs: calibrate with"
                + " --channels histogram or extremes");
  }
}
