package dev.tare.engine.onnx;

import static org.assertj.core.api.Assertions.assertThat;

import ai.onnxruntime.OrtSession.SessionOptions.OptLevel;
import dev.tare.engine.quant.QuantError;
import dev.tare.engine.recipe.Placement;
import dev.tare.engine.recipe.QuantPlan;
import dev.tare.engine.recipe.Recipe;
import dev.tare.engine.tensor.Tensor;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Whatever a recipe makes of an uncommon model, ONNX Runtime runs it at every level. */
class EveryRecipeTest {

  private static final List<String> RECIPES =
      List.of(
          "int8",
          "int8-symmetric",
          "int8-all",
          "int16x8",
          "int8-dynamic",
          "int8-weights",
          "int4-weights-b32",
          "int4-nbits-b32");

  /** Weights of 4 bits cost 20 dB on Gaussian values, those of 8 bits 40. */
  private static double floorDb(String recipe) {
    return recipe.startsWith("int4") ? 12 : 24;
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
    for (String word : RECIPES) {
      OnnxModel quantized =
          StaticPlans.quantized(prepared, plan(prepared, CapturedModel.recipe(word), inputs));
      for (OptLevel level :
          List.of(OptLevel.NO_OPT, OptLevel.BASIC_OPT, OptLevel.EXTENDED_OPT, OptLevel.ALL_OPT)) {
        Map<String, Tensor> actual = Reference.run(quantized, inputs, level);
        expected.forEach(
            (output, values) ->
                assertThat(
                        QuantError.between(values.toFloatArray(), actual.get(output).toFloatArray())
                            .sqnrDb())
                    .as("%s of %s by %s at %s", output, name, word, level)
                    .isGreaterThan(floorDb(word)));
      }
    }
  }

  private static QuantPlan plan(OnnxModel model, Recipe recipe, Map<String, Tensor> inputs) {
    String observed =
        recipe.placement() == Placement.ALL_SUPPORTED
            ? Observation.ALL_SUPPORTED
            : recipe.usesStatistics() ? Observation.CONSTANT_WEIGHT_INPUTS : Observation.ALL;
    return StaticPlans.plan(model, recipe, observed, inputs);
  }
}
