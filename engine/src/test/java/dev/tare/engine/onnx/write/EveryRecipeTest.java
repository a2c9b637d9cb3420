package dev.tare.engine.onnx.write;

import static org.assertj.core.api.Assertions.assertThat;

import ai.onnxruntime.OrtSession.SessionOptions.OptLevel;
import dev.tare.engine.model.Observation;
import dev.tare.engine.onnx.CapturedModel;
import dev.tare.engine.onnx.OddGraphs;
import dev.tare.engine.onnx.OnnxModel;
import dev.tare.engine.onnx.Reference;
import dev.tare.engine.onnx.StaticPlans;
import dev.tare.engine.onnx.prepare.GraphPreparation;
import dev.tare.engine.plan.QuantPlan;
import dev.tare.engine.quant.QuantError;
import dev.tare.engine.recipe.Placement;
import dev.tare.engine.recipe.Recipe;
import dev.tare.engine.tensor.Tensor;
import dev.tare.testkit.SmallModels;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Whatever a recipe makes of an uncommon model, ONNX Runtime runs it at every level. */
@Tag("slow")
class EveryRecipeTest {

  private static final String UNSIGNED =
      "weights { type = uint8, symmetric = false, narrow-range = false }";

  /** Names of recipes, with lines behind them that win. */
  private static final List<List<String>> RECIPES =
      List.of(
          List.of("int8"),
          List.of("int8", UNSIGNED),
          List.of("int8", "weights.granularity = per-tensor"),
          List.of("int8", "weights { granularity = per-block, block-size = 16 }"),
          List.of("int8-symmetric"),
          List.of("int8-all"),
          List.of("int16x8"),
          List.of("int8-dynamic"),
          List.of("int8-dynamic", UNSIGNED),
          List.of("int8-weights"),
          List.of("int4-weights-b32"),
          List.of("int4-nbits-b32"),
          List.of("int8-power-of-two"),
          List.of("float8e4m3fn"),
          List.of("float8e4m3fn", "placement = constant-weights, weights.granularity = per-tensor"),
          List.of("float8e4m3fn-weights", "weights { granularity = per-block, block-size = 16 }"),
          List.of("float8e5m2"),
          List.of("nf4-bnb4-b32", "weights.block-size = 16"),
          List.of("fp4-bnb4-b64", "weights.block-size = 16"));

  /** Weights of 4 bits cost 20 dB on Gaussian values, those of 8 bits 40. */
  private static double floorDb(List<String> recipe) {
    String name = recipe.get(0);
    if (name.startsWith("float8")) {
      // Three and two bits of mantissa.
      return name.equals("float8e5m2") ? 9 : 20;
    }
    return name.matches("int4.*|.*bnb4.*") ? 12 : 24;
  }

  static Stream<Arguments> models() {
    return OddGraphs.all().entrySet().stream().map(e -> Arguments.of(e.getKey(), e.getValue()));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("models")
  void runsAtEveryLevelNearTheFloatModel(String name, OnnxModel model) {
    Map<String, Tensor> inputs = OddGraphs.inputs(model, 7);
    Map<String, Tensor> expected = Reference.run(model, inputs, OptLevel.NO_OPT);
    OnnxModel prepared = GraphPreparation.prepare(model);
    for (List<String> recipe : RECIPES) {
      OnnxModel quantized = StaticPlans.quantized(prepared, plan(prepared, recipe(recipe), inputs));
      for (OptLevel level :
          List.of(OptLevel.NO_OPT, OptLevel.BASIC_OPT, OptLevel.EXTENDED_OPT, OptLevel.ALL_OPT)) {
        Map<String, Tensor> actual = Reference.run(quantized, inputs, level);
        expected.forEach(
            (output, values) ->
                assertThat(
                        QuantError.between(values.toFloatArray(), actual.get(output).toFloatArray())
                            .sqnrDb())
                    .as("%s of %s by %s at %s", output, name, recipe, level)
                    .isGreaterThan(floorDb(recipe)));
      }
    }
  }

  /** Optimizations for integers would drop the Relu, or make a product that takes no float8. */
  @ParameterizedTest
  @ValueSource(strings = {"float8e4m3fn", "float8e5m2"})
  void inputsOfFloat8AreTheSameAtEveryLevel(String recipe) {
    OnnxModel model = GraphPreparation.prepare(SmallModels.exportedMlp().build());
    Map<String, Tensor> inputs = Map.of("x", Reference.gaussian(7, 84, 6));
    OnnxModel quantized =
        StaticPlans.quantized(model, plan(model, CapturedModel.recipe(recipe), inputs));
    float[] plain = Reference.run(quantized, inputs, OptLevel.NO_OPT).get("y").toFloatArray();
    float[] all = Reference.run(quantized, inputs, OptLevel.ALL_OPT).get("y").toFloatArray();
    assertThat(QuantError.between(plain, all).sqnrDb()).isGreaterThan(100);
    float[] expected = Reference.run(model, inputs, OptLevel.NO_OPT).get("y").toFloatArray();
    assertThat(QuantError.between(expected, all).sqnrDb()).isGreaterThan(20);
  }

  private static Recipe recipe(List<String> words) {
    return CapturedModel.recipe(
        words.get(0), words.subList(1, words.size()).toArray(String[]::new));
  }

  private static QuantPlan plan(OnnxModel model, Recipe recipe, Map<String, Tensor> inputs) {
    String observed =
        recipe.placement() == Placement.ALL_SUPPORTED
            ? Observation.ALL_SUPPORTED
            : recipe.usesStatistics() ? Observation.CONSTANT_WEIGHT_INPUTS : Observation.ALL;
    return StaticPlans.plan(model, recipe, observed, inputs);
  }
}
