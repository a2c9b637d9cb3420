package dev.tare.engine.target;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tare.engine.graph.QuantizableNode;
import dev.tare.engine.model.Observation;
import dev.tare.engine.onnx.OnnxModel;
import dev.tare.engine.onnx.PublishedModels;
import dev.tare.engine.onnx.Reference;
import dev.tare.engine.onnx.StaticPlans;
import dev.tare.engine.onnx.prepare.GraphPreparation;
import dev.tare.engine.onnx.view.OnnxNodes;
import dev.tare.engine.recipe.Recipe;
import dev.tare.engine.recipe.RecipeLimits;
import dev.tare.engine.recipe.Recipes;
import dev.tare.engine.tensor.Shape;
import dev.tare.engine.tensor.Tensor;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Placement for TensorRT against the dumps of Model Optimizer 0.47 on the same networks. */
class TensorRtTargetTest {

  private static final Recipe RECIPE = Recipes.shipped("int8-tensorrt");

  static List<String> patterns() {
    return TensorRtNetworks.PATTERNS;
  }

  private static OnnxModel quantized(OnnxModel model, Map<String, Tensor> inputs) {
    return StaticPlans.quantized(
        model,
        StaticPlans.plan(Targets.of("tensorrt"), model, RECIPE, Observation.ALL_SUPPORTED, inputs));
  }

  private static Map<String, SortedMap<String, Integer>> expected(String file) throws IOException {
    try (InputStream in = TensorRtTargetTest.class.getResourceAsStream("/tensorrt/" + file)) {
      return Placements.parse(
          new String(in.readAllBytes(), StandardCharsets.UTF_8).lines().toList());
    }
  }

  @ParameterizedTest
  @MethodSource("patterns")
  void patternsAsModelOptimizerPlacesThem(String name) throws IOException {
    OnnxModel model = TensorRtNetworks.pattern(name);
    SortedMap<String, Integer> expected =
        expected("patterns_modelopt_int8_placement.txt").get(name);
    if (name.equals("avgpool_gemm")) {
      // It leaves a Gemm of one row in float. How many rows there will be is the caller's choice.
      replace(expected, "Flatten <- f -> Gemm", "Flatten <- f -> QuantizeLinear");
      replace(expected, "Gemm <- f const const -> ", "Gemm <- A W const -> ");
    }
    assertThat(Placements.of(quantized(model, Map.of("x", Reference.gaussian(3, 1, 16, 16, 16)))))
        .isEqualTo(expected);
  }

  private static void replace(SortedMap<String, Integer> lines, String theirs, String ours) {
    lines.merge(ours, lines.remove(theirs), Integer::sum);
  }

  @Test
  void residualNetwork() throws IOException {
    OnnxModel model =
        quantized(TensorRtNetworks.cnn(), Map.of("x", Reference.gaussian(3, 1, 3, 16, 16)));
    assertThat(Placements.of(model))
        .isEqualTo(expected("tiny_cnn_modelopt_int8_placement.txt").get(""));
  }

  @Test
  void transformer() throws IOException {
    OnnxModel model =
        quantized(TensorRtNetworks.transformer(), Map.of("x", Reference.gaussian(3, 1, 8, 32)));
    assertThat(Placements.of(model))
        .isEqualTo(expected("tiny_xf_modelopt_int8_placement.txt").get(""));
  }

  /**
   * Model Optimizer simplifies the network by itself: shapes are constants there. Our preparation
   * makes x * Clip(x + 3) / 6 a HardSigmoid and a Mul, whose output needs no Div in float.
   */
  @Test
  void publishedClassifier() throws IOException {
    OnnxModel model =
        quantized(
            GraphPreparation.prepare(PublishedModels.DIRECTION.read()),
            PublishedModels.DIRECTION.input(1));
    SortedMap<String, Integer> theirs = expected("ppocr_cls_modelopt_int8_placement.txt").get("");
    SortedMap<String, Integer> ours = Placements.of(model);
    assertThat(beside(theirs, ours))
        .containsExactly(
            "18 Add <- A const -> Clip",
            "18 Clip <- f const const -> QuantizeLinear",
            "1 Div <- f const -> Conv",
            "1 Div <- f const -> MaxPool",
            "16 Div <- f const -> QuantizeLinear",
            "1 Gemm <- f const const -> Softmax",
            "1 GlobalAveragePool <- A -> Reshape",
            "1 MaxPool <- f -> QuantizeLinear",
            "1 Mul <- A A -> Conv",
            "18 Mul <- A A -> Div",
            "8 Mul <- A A -> QuantizeLinear",
            "1 Reshape <- f const -> Gemm",
            "1 Softmax <- f -> ");
    assertThat(beside(ours, theirs))
        .contains("18 HardSigmoid <- A -> QuantizeLinear", "1 MaxPool <- A -> QuantizeLinear")
        .filteredOn(line -> line.contains("Conv") || line.contains(" W "))
        .containsExactly("2 Mul <- A A -> Conv");
  }

  /** Lines that another placement does not have as often. */
  private static List<String> beside(
      SortedMap<String, Integer> lines, SortedMap<String, Integer> others) {
    return lines.entrySet().stream()
        .filter(line -> !line.getValue().equals(others.get(line.getKey())))
        .map(line -> line.getValue() + " " + line.getKey())
        .toList();
  }

  @Test
  void writtenModelsFollowTheRules() {
    Map<String, Tensor> inputs = Map.of("x", Reference.gaussian(3, 1, 3, 16, 16));
    assertThat(Placements.violations(quantized(TensorRtNetworks.cnn(), inputs))).isEmpty();
    OnnxModel forOnnxRuntime =
        StaticPlans.quantized(
            TensorRtNetworks.cnn(),
            StaticPlans.plan(
                TensorRtNetworks.cnn(),
                Recipes.shipped("int8"),
                Observation.ALL_SUPPORTED,
                inputs));
    assertThat(Placements.violations(forOnnxRuntime))
        .contains("zero point of x", "int32 bias w1_bias_quantized")
        .anyMatch(problem -> problem.startsWith("opset "));
  }

  @ParameterizedTest
  @CsvSource({
    "Conv, 8, 3, 3, 3, 1, ''",
    "Conv, 32, 24, 1, 1, 1, ''",
    "Conv, 8, 8, 3, 3, 1, a convolution of 8 to 8 channels is too small to pay off in TensorRT",
    "Conv, 16, 8, 3, 5, 1, a convolution of 8 to 16 channels is too small to pay off in TensorRT",
    "Conv, 8, 2, 1, 1, 1, a convolution of 2 to 8 channels is too small to pay off in TensorRT",
    "Conv, 24, 1, 3, 3, 24, ''",
    "Conv, 24, 1, 1, 1, 24, a convolution of 1 to 24 channels is too small to pay off in TensorRT",
    "ConvTranspose, 64, 64, 3, 3, 1, TensorRT computes ConvTranspose in float",
  })
  void smallConvolutionsStayFloat(
      String opType, long outputs, long inputs, long height, long width, long groups, String why) {
    Shape shape = Shape.of(outputs, inputs, height, width);
    QuantizableNode node =
        OnnxNodes.node("n", opType, "x", 0, "w", 1, shape, 0, Optional.empty(), groups);
    assertThat(reason(node, RECIPE)).isEqualTo(why);
  }

  @ParameterizedTest
  @CsvSource({
    "int8-tensorrt, 64, 16, ''",
    "int8-tensorrt, 64, 8, a product of 64 by 8 numbers is too small to pay off in TensorRT",
    "int8, 64, 16, 'TensorRT computes MatMul in integers with symmetric int8 inputs only, and the"
        + " recipe has asymmetric uint8'",
    "int8-dynamic, 64, 16, TensorRT has no mode dynamic",
    "int4-weights-b64, 64, 16, ''",
    "int4-weights-b128, 64, 16, ''",
    "int8-weights, 64, 16,"
        + " TensorRT reads weights alone as symmetric int4 in blocks of 64 or 128"
  })
  void productsByRecipe(String recipe, long inputs, long outputs, String why) {
    QuantizableNode node =
        OnnxNodes.node(
            "n", "MatMul", "x", 0, "w", 1, Shape.of(inputs, outputs), 1, Optional.empty());
    assertThat(reason(node, Recipes.shipped(recipe))).isEqualTo(why);
  }

  private static String reason(QuantizableNode node, Recipe recipe) {
    TargetProfile target = Targets.of("tensorrt");
    return target
        .limit(node, recipe.mode(node), recipe.weights(), () -> recipe.activations().orElseThrow())
        .orElse("");
  }

  @Test
  void otherBlocksAreRefused() {
    assertThat(Targets.of("tensorrt").refusal(Recipes.shipped("int4-weights-b128"))).isEmpty();
    assertThat(Targets.of("tensorrt").refusal(Recipes.shipped("int4-weights-b32")))
        .contains(
            new RecipeLimits.Refusal(
                "weights",
                "TensorRT reads weights alone as symmetric int4 in blocks of 64 or 128"));
  }
}
