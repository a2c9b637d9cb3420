package dev.tare.engine.onnx;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tare.engine.model.Observation;
import dev.tare.engine.onnx.prepare.GraphPreparation;
import dev.tare.engine.recipe.Recipes;
import dev.tare.engine.target.Targets;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Products that ONNX Runtime computes in integers, counted in its optimized graph. */
@Tag("slow")
class IntegerKernelsTest {

  private static final List<String> INTEGER =
      List.of(
          "QLinearConv", "QLinearMatMul", "MatMulIntegerToFloat", "DynamicQuantizeMatMul", "QGemm");

  private static final List<String> FLOAT =
      List.of("Conv", "FusedConv", "MatMul", "FusedMatMul", "Gemm");

  @TempDir Path folder;

  /**
   * In float stay products of two activations, and the last layer of the classifier, since an
   * integer Gemm gives integers, and the Softmax behind it reads floats. Of standard operators ONNX
   * Runtime makes its own, DynamicQuantizeMatMul among them, so that none need be written.
   */
  @ParameterizedTest
  @CsvSource({
    "SENTENCES, int8, inputs, 36, 12",
    "SENTENCES, int8-dynamic, inputs, 36, 12",
    "DIRECTION, int8, outputs, 53, 1",
    "RECOGNITION, int8, outputs, 47, 4"
  })
  void productsAreIntegers(
      PublishedModels published, String recipe, String placement, int integer, int left)
      throws IOException {
    OnnxModel model = GraphPreparation.prepare(published.read());
    OnnxModel quantized =
        StaticPlans.quantized(
            model,
            StaticPlans.plan(
                Targets.DEFAULT,
                Optional.of(placement),
                model,
                Recipes.shipped(recipe),
                Observation.ALL_SUPPORTED,
                published.input(1)));
    SortedMap<String, Integer> operators =
        OptimizedModel.operators(quantized, folder.resolve("optimized.onnx"));
    assertThat(sum(operators, INTEGER)).as("%s", operators).isGreaterThanOrEqualTo(integer);
    assertThat(sum(operators, FLOAT)).as("%s", operators).isLessThanOrEqualTo(left);
  }

  private static int sum(SortedMap<String, Integer> operators, List<String> names) {
    return names.stream().mapToInt(name -> operators.getOrDefault(name, 0)).sum();
  }
}
