package dev.tare.engine.target;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.entry;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigValueFactory;
import dev.tare.engine.graph.QuantizableNode;
import dev.tare.engine.onnx.view.OnnxNodes;
import dev.tare.engine.plan.Candidates;
import dev.tare.engine.recipe.Recipes;
import dev.tare.engine.tensor.Shape;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * The kernels that OpenVINO picked for each pair of types, as engine/docs/targets.md lists them.
 */
class OpenVinoTargetTest {

  private static final QuantizableNode CONV =
      OnnxNodes.node("conv", "Conv", "x", 0, "k", 1, Shape.of(8, 3, 3, 3), 0, Optional.empty());
  private static final QuantizableNode PRODUCT =
      OnnxNodes.node("product", "MatMul", "y", 0, "w", 1, Shape.of(6, 4), 1, Optional.empty());

  private static Candidates candidates(String target, String... changes) {
    String[] all = new String[changes.length + 1];
    all[0] = "operators = [MatMul, Conv]";
    System.arraycopy(changes, 0, all, 1, changes.length);
    return Candidates.of(
        Targets.of(target), Recipes.int8(all), Recipes.source(List.of(CONV, PRODUCT)));
  }

  @ParameterizedTest
  @CsvSource({
    "uint8, false, int8, true, conv product",
    "uint8, true, int8, true, conv product",
    "int8, true, int8, true, conv product",
    "int8, false, int8, true, product",
    "uint8, false, int8, false, ''",
    "uint8, false, uint8, false, ''",
    "uint8, false, uint8, true, ''",
    "uint16, false, int8, true, ''",
    "int16, true, int8, true, ''",
  })
  void integersOfTheseTypes(
      String input, boolean centred, String weight, boolean symmetric, String quantized) {
    String[] types = {
      "activations.type = " + input,
      "activations.symmetric = " + centred,
      "weights.type = " + weight,
      "weights.symmetric = " + symmetric,
      "weights.narrow-range = false"
    };
    assertThat(String.join(" ", names(candidates("openvino", types)))).isEqualTo(quantized);
    assertThat(names(candidates("onnxruntime", types))).containsExactly("conv", "product");
  }

  private static List<String> names(Candidates candidates) {
    return candidates.nodes().stream().map(QuantizableNode::node).toList();
  }

  @Test
  void theReasonNamesBothSides() {
    assertThat(candidates("openvino", "activations.type = int8").leftFloat())
        .containsExactly(
            entry(
                CONV,
                "OpenVINO computes Conv in integers with uint8 or symmetric int8 inputs only, and"
                    + " the recipe has asymmetric int8"));
    assertThat(candidates("openvino", "weights.symmetric = false").leftFloat())
        .containsEntry(
            PRODUCT,
            "OpenVINO computes MatMul in integers with symmetric int8 weights only, and the recipe"
                + " has asymmetric int8");
    assertThat(candidates("openvino", "mode = dynamic").leftFloat())
        .containsEntry(PRODUCT, "OpenVINO has no mode dynamic");
    assertThat(names(candidates("openvino", "mode = weight-only", "weights.type = int4")))
        .containsExactly("conv", "product");
  }

  @Test
  void targetsAreFoundByName() {
    assertThat(Targets.names()).containsExactly("onnxruntime", "openvino", "tensorrt", "tflite");
    assertThat(Targets.of("openvino").title()).isEqualTo("OpenVINO");
    assertThat(Targets.DEFAULT.name()).isEqualTo("onnxruntime");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Targets.of("openvion"))
        .withMessage(
            "there is no target 'openvion'; nearest is 'openvino' of [onnxruntime, openvino,"
                + " tensorrt, tflite]");
  }

  @Test
  void filesAreStrict() {
    Config file = ConfigFactory.parseResources("dev/tare/targets/openvino.conf");
    assertThat(TargetData.parse("openvino", file)).isEqualTo(Targets.of("openvino").data());
    assertThatIllegalArgumentException()
        .isThrownBy(
            () -> TargetData.parse("t", file.withValue("colour", ConfigValueFactory.fromAnyRef(1))))
        .withMessageContaining("unknown key 'colour'");
    assertThatIllegalArgumentException()
        .isThrownBy(
            () ->
                TargetData.parse(
                    "t", file.withValue("format-version", ConfigValueFactory.fromAnyRef(2))))
        .withMessage("format-version is 2, expected 1");
    assertThatIllegalArgumentException()
        .isThrownBy(
            () ->
                TargetData.parse(
                    "t", file.withValue("modes", ConfigValueFactory.fromIterable(List.of("fast")))))
        .withMessage("'fast' is not one of [static, dynamic, weight-only]");
  }
}
