package dev.tare.engine.pass;

import static dev.tare.testkit.Models.integer;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import ai.onnxruntime.OrtSession.SessionOptions.OptLevel;
import dev.tare.engine.observe.ChannelMode;
import dev.tare.engine.observe.ObserverOptions;
import dev.tare.engine.onnx.OnnxModel;
import dev.tare.engine.onnx.Reference;
import dev.tare.engine.onnx.view.OnnxGraph;
import dev.tare.engine.onnx.write.SmoothedModel;
import dev.tare.engine.plan.Candidates;
import dev.tare.engine.plan.SmoothedInput;
import dev.tare.engine.quant.QuantError;
import dev.tare.engine.recipe.Recipe;
import dev.tare.engine.recipe.Recipes;
import dev.tare.engine.statistics.TensorStatistics;
import dev.tare.engine.target.OnnxRuntimeTarget;
import dev.tare.engine.tensor.Shape;
import dev.tare.engine.tensor.Tensor;
import dev.tare.testkit.Models;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class EqualizationTest {

  private static Recipe recipe(String... changes) {
    return Recipes.int8("operators = [Conv]\nequalization = on\n" + String.join("\n", changes));
  }

  private static Map<String, Equalization.Group> groups(OnnxModel model, String... changes) {
    Recipe recipe = recipe(changes);
    OnnxGraph graph = OnnxGraph.of(model);
    return Equalization.groups(Candidates.of(OnnxRuntimeTarget.INSTANCE, recipe, graph), graph);
  }

  /** A convolution with these weights behind one that computes its input of four channels. */
  private static OnnxModel kernel(float... weights) {
    return Models.opset(13)
        .input("x", "batch", 3, 1, 8)
        .weight("k", 4, 3, 1, 1)
        .constant(Models.floats("w", weights, weights.length / 8, 4, 1, 2))
        .node("Conv", "first", List.of("x", "k"), "h")
        .node("Conv", "second", List.of("h", "w"), "y")
        .output("y")
        .build();
  }

  private static TensorStatistics observed(ChannelMode mode, int channels, float... values) {
    return Recipes.observed(
        "h",
        ObserverOptions.ofChannels(mode, 1),
        Shape.of(1, channels, 1, values.length / channels),
        values);
  }

  private static Optional<SmoothedInput> equalize(OnnxModel model, TensorStatistics statistics) {
    return equalize(model, statistics, false);
  }

  private static Optional<SmoothedInput> equalize(
      OnnxModel model, TensorStatistics statistics, boolean centred) {
    return choice(model, statistics, "bias-correction = " + (centred ? "on" : "off")).factors();
  }

  private static Equalization.Choice choice(
      OnnxModel model, TensorStatistics statistics, String... changes) {
    return Equalization.equalize(
        groups(model, changes).get("h"), statistics, OnnxGraph.of(model), recipe(changes));
  }

  private static final OnnxModel UNEQUAL =
      kernel(
          .5f, -.125f, 1, 2, .25f, .0625f, 1, 1, //
          -1, .75f, .5f, -4, -.03125f, .125f, .5f, 2, //
          6, .25f, 3, -.75f, .0625f, .25f, .25f, .125f);

  private static final float[] VALUES = {4, 8, 8, .25f, .25f, .25f, -4, -4, -4, 1, 1, .5f};

  /** As golden/equalization.py prints them. */
  @ParameterizedTest
  @CsvSource({
    "false, 0.5, 0.8977346205130201, 4.14645859851231, 0.18324931205733264, 1.4659944964586613",
    "true, 0.6, 0.7713666888381363, 5.247039860857332, 0.14274417207833023, 1.7308776511354889"
  })
  void factorsAreThoseOfThePlainReference(
      boolean centred, double alpha, double first, double second, double third, double fourth) {
    SmoothedInput input =
        equalize(UNEQUAL, observed(ChannelMode.HISTOGRAM, 4, VALUES), centred).orElseThrow();
    assertThat(input.alpha()).isEqualTo(alpha);
    assertThat(input.axis()).isEqualTo(1);
    assertThat(input.result()).isEqualTo("h_equalized");
    assertThat(input.consumers()).containsExactly("second");
    assertThat(input.through()).containsExactly("first");
    double[] expected = {first, second, third, fourth};
    for (int j = 0; j < expected.length; j++) {
      assertThat((double) input.factors().get(j))
          .isCloseTo(expected[j], within(expected[j] * 1e-7));
    }
  }

  @Test
  void inputsThatNoFactorsHelpStayAsTheyAre() {
    OnnxModel equal = kernel(1, 1, 1, 1, 1, 1, 1, 1);
    assertThat(equalize(equal, observed(ChannelMode.HISTOGRAM, 4, 1, 1, 1, 1))).isEmpty();
    assertThat(equalize(kernel(new float[8]), observed(ChannelMode.HISTOGRAM, 4, VALUES)))
        .isEmpty();
    assertThat(equalize(UNEQUAL, observed(ChannelMode.HISTOGRAM, 4, new float[4]))).isEmpty();
    assertThat(equalize(UNEQUAL, observed(ChannelMode.HISTOGRAM, 4, 1, 2, 3, Float.NaN))).isEmpty();
    assertThat(equalize(UNEQUAL, observed(ChannelMode.HISTOGRAM, 4, 1, 2, 3, -3.4e38f))).isEmpty();
    assertThat(equalize(UNEQUAL, observed(ChannelMode.HISTOGRAM, 3, 1, 2, 3))).isEmpty();
    assertThatIllegalArgumentException()
        .isThrownBy(() -> equalize(UNEQUAL, observed(ChannelMode.EXTREMES, 4, VALUES)))
        .withMessage(
            "Statistics of tensor 'h' have no histograms of its channels, which equalization"
                + " needs: calibrate with --channels histogram, or choose a recipe with"
                + " equalization = off");
  }

  /**
   * The first channel is 8 once in 30,000 values and else 0: by all but the rarest values it has no
   * reach, so that factors enlarge it as far as they do anything, and the range with it.
   */
  @Test
  void factorsThatEnlargeRareValuesAreRefused() {
    float[] values = new float[120_000];
    for (int i = 0; i < 30_000; i++) {
      values[i] = i == 5_000 ? 8 : 0;
      values[30_000 + i] = i % 16 / 2f;
      values[60_000 + i] = i % 8 / 32f;
      values[90_000 + i] = i % 4 / 4f;
    }
    TensorStatistics rare = observed(ChannelMode.HISTOGRAM, 4, values);
    for (String method : List.of("min-max", "percentile-99.99")) {
      Equalization.Choice choice = choice(UNEQUAL, rare, "activations.method = " + method);
      assertThat(choice.factors()).as(method).isEmpty();
      assertThat(choice.refused().orElseThrow())
          .startsWith("factors of its channels from ")
          .contains(" by min-max in place of [0.0, ")
          .endsWith(" dB larger");
    }
    Equalization.Choice left = choice(UNEQUAL, rare, "float-above = 9");
    assertThat(left.factors()).isEmpty();
    assertThat(left.refused().orElseThrow())
        .contains(" would leave it in float: values reach ")
        .endsWith(", beyond float-above 9.0");
    values[5_000] = 0;
    Equalization.Choice without = choice(UNEQUAL, observed(ChannelMode.HISTOGRAM, 4, values));
    assertThat(without.factors()).isPresent();
    assertThat(without.refused()).isEmpty();
  }

  /** Each way in which factors can enter, and what has none: the image. */
  private static OnnxModel network() {
    return Models.opset(13)
        .input("x", "n", 3, 12, 12)
        .weight("k1", 6, 3, 3, 3)
        .weight("b1", 6)
        .node("Conv", "one", List.of("x", "k1", "b1"), "c1")
        .node("Relu", "relu", List.of("c1"), "r1")
        .weight("k2", 6, 6, 1, 1)
        .node("Conv", "two", List.of("r1", "k2"), "c2")
        .node("HardSigmoid", "hard", List.of("c2"), "h")
        .node("Mul", "swish", List.of("c2", "h"), "s")
        .constant(Models.floats("scale", new float[] {1.5f}, 1))
        .node("Mul", "times", List.of("scale", "s"), "m")
        .constant(Models.floats("shift", new float[] {.1f, .2f, -.3f, 0, .1f, 1}, 1, 6, 1, 1))
        .node("Add", "plus", List.of("m", "shift"), "a")
        .weight("k3", 6, 2, 1, 1)
        .weight("b3", 6)
        .node("Conv", "three", List.of("a", "k3", "b3"), "c3", integer("group", 3))
        .node("GlobalAveragePool", "mean", List.of("c3"), "p")
        .weight("k4", 2, 6, 1, 1)
        .node("Conv", "four", List.of("p", "k4"), "c4")
        .node("Relu", "bend", List.of("c4"), "r4")
        .weight("k5", 6, 2, 1, 1)
        .node("Conv", "five", List.of("r4", "k5"), "c5")
        .node("HardSigmoid", "gate", List.of("c5"), "g")
        .node("Mul", "gated", List.of("c3", "g"), "e")
        .weight("k6", 4, 6, 3, 3)
        .weight("b6", 4)
        .node("Conv", "six", List.of("e", "k6", "b6"), "c6")
        .node("MaxPool", "pool", List.of("c6"), "q", Models.ints("kernel_shape", 2L, 2L))
        .weight("k7", 5, 4, 1, 1)
        .node("Conv", "seven", List.of("q", "k7"), "c7")
        .node("Conv", "eight", List.of("q", "k7"), "c8")
        .node("Add", "sum", List.of("c7", "c8"), "y")
        .output("y")
        .build();
  }

  @Test
  void factorsEnterWhereTheyCostNothing() {
    Map<String, Equalization.Group> groups = groups(network());
    assertThat(groups.keySet()).containsExactly("a", "e", "p", "q", "r1", "r4");
    assertThat(groups.get("p").through()).isEmpty();
    assertThat(groups.get("r1").through()).containsExactly("relu", "one");
    assertThat(groups.get("a").through()).containsExactly("plus", "times");
    assertThat(groups.get("r4").through()).containsExactly("bend", "four");
    assertThat(groups.get("e").through()).containsExactly("gated", "gate");
    assertThat(groups.get("q").through()).containsExactly("pool", "six");
    assertThat(groups(network(), "exclude = [eight]").keySet()).doesNotContain("q");
  }

  @Test
  void equalizedNetworkComputesTheSame() {
    OnnxModel model = network();
    List<SmoothedInput> inputs = new ArrayList<>();
    groups(model)
        .forEach(
            (tensor, group) -> {
              List<Float> factors = new ArrayList<>();
              for (int j = 0; j < group.channels(); j++) {
                factors.add((float) Math.pow(3, (j * 5 + tensor.length()) % 7 - 3));
              }
              List<String> consumers = group.products().stream().map(p -> p.node()).toList();
              inputs.add(
                  new SmoothedInput(
                      tensor, 1, group.result(), consumers, group.through(), .5, factors));
            });
    OnnxModel equalized = SmoothedModel.of(model, inputs);
    assertThat(equalized.toByteArray()).isEqualTo(SmoothedModel.of(model, inputs).toByteArray());
    assertThat(equalized.operatorCounts().get("Mul"))
        .isEqualTo(model.operatorCounts().get("Mul") + 2);
    assertThat(OnnxGraph.of(equalized).nodes())
        .extracting(node -> node.input())
        .containsExactly(
            "x",
            "r1_equalized",
            "a_equalized",
            "p_equalized",
            "r4_equalized",
            "e_equalized",
            "q_equalized",
            "q_equalized");
    Tensor x = Reference.gaussian(7, 2, 3, 12, 12);
    for (OptLevel level : List.of(OptLevel.NO_OPT, OptLevel.ALL_OPT)) {
      Tensor expected = Reference.run(model, Map.of("x", x), level).get("y");
      Tensor actual = Reference.run(equalized, Map.of("x", x), level).get("y");
      assertThat(QuantError.between(expected.floats(), actual.floats()).sqnrDb())
          .isGreaterThan(100);
    }
  }
}
