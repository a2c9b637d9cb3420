package dev.tare.engine.target;

import static dev.tare.testkit.Models.integer;
import static dev.tare.testkit.Models.ints;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.tare.engine.model.Observation;
import dev.tare.engine.onnx.OnnxModel;
import dev.tare.engine.onnx.OptimizedModel;
import dev.tare.engine.onnx.Reference;
import dev.tare.engine.onnx.StaticPlans;
import dev.tare.engine.plan.QuantPlan;
import dev.tare.engine.plan.TensorPlan;
import dev.tare.engine.recipe.Recipe;
import dev.tare.engine.recipe.Recipes;
import dev.tare.engine.recipe.Role;
import dev.tare.engine.tensor.Tensor;
import dev.tare.testkit.Models;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Which tensors each placement quantizes, and what ONNX Runtime fuses then. */
class NamedPlacementTest {

  /** A residual block whose inner convolution is depthwise, and a small convolution behind it. */
  private static final OnnxModel MODEL =
      Models.opset(13)
          .input("image", 1, 16, 8, 8)
          .weight("k1", 16, 16, 3, 3)
          .weight("b1", 16)
          .weight("k2", 16, 1, 3, 3)
          .weight("k3", 16, 16, 1, 1)
          .weight("k4", 8, 16, 1, 1)
          .node("Conv", "first", List.of("image", "k1", "b1"), List.of("c1"), pads())
          .node("Relu", "relu", List.of("c1"), List.of("r1"))
          .node("Conv", "deep", List.of("r1", "k2"), List.of("c2"), pads(), integer("group", 16))
          .node("HardSigmoid", "gate", List.of("c2"), List.of("g"))
          .node("Mul", "swish", List.of("c2", "g"), List.of("h"))
          .node("Conv", "point", List.of("h", "k3"), List.of("c3"))
          .node("Add", "skip", List.of("c3", "r1"), List.of("sum"))
          .node("Relu", "last", List.of("sum"), List.of("r3"))
          .node("Conv", "small", List.of("r3", "k4"), List.of("y"))
          .output("y")
          .build();

  private static final Map<String, Tensor> INPUT =
      Map.of("image", Reference.gaussian(7, 1, 16, 8, 8));

  private static final Recipe INT8 = Recipes.int8("operators = [Conv]");

  @TempDir Path temporary;

  private static dev.tare.engine.onnx.proto.AttributeProto pads() {
    return ints("pads", 1L, 1L, 1L, 1L);
  }

  private static QuantPlan plan(String placement) {
    return StaticPlans.plan(
        Targets.DEFAULT, Optional.of(placement), MODEL, INT8, Observation.ALL_SUPPORTED, INPUT);
  }

  /** Quantized tensors of a role, each with its readers. */
  private static SortedMap<String, List<String>> quantized(String placement, Role role) {
    SortedMap<String, List<String>> readers = new TreeMap<>();
    for (TensorPlan tensor : plan(placement).quantized(role)) {
      readers.put(tensor.tensor(), tensor.consumers());
    }
    return readers;
  }

  private static void assertActivations(String placement, Map<String, List<String>> expected) {
    assertThat(quantized(placement, Role.ACTIVATION)).isEqualTo(expected);
  }

  @Test
  void activationsAreWhereThePlacementSays() {
    Map<String, List<String>> inputs =
        Map.of(
            "image", List.of("first"),
            "r1", List.of("deep"),
            "h", List.of("point"),
            "r3", List.of("small"));
    assertActivations("inputs", inputs);
    assertActivations(
        "outputs",
        Map.of(
            "image", List.of("first"),
            "r1", List.of("deep", "skip"),
            "c2", List.of("gate", "swish"),
            "h", List.of("point"),
            "c3", List.of("skip"),
            "r3", List.of("small")));
    assertActivations("depthwise-float", Map.of("image", List.of("first"), "h", List.of("point")));
    // The depthwise convolution reads r1 in float, so the first one cannot give integers.
    assertActivations(
        "outputs-depthwise-float",
        Map.of("image", List.of("first"), "h", List.of("point"), "c3", List.of("skip")));
    assertActivations("convolutions-float", Map.of());
  }

  @Test
  void weightsAreQuantizedWithTheirInputs() {
    assertThat(quantized("outputs", Role.WEIGHT)).containsOnlyKeys("k1", "k2", "k3", "k4");
    assertThat(quantized("depthwise-float", Role.WEIGHT)).containsOnlyKeys("k1", "k3");
    assertThat(quantized("convolutions-float", Role.WEIGHT))
        .containsOnlyKeys("k1", "k2", "k3", "k4");
    assertThat(quantized("inputs", Role.BIAS)).containsOnlyKeys("b1");
    assertThat(quantized("convolutions-float", Role.BIAS)).isEmpty();
    QuantPlan left = plan("depthwise-float");
    assertThat(left.placement()).contains("depthwise-float");
    assertThat(left.find("k2", Role.WEIGHT).orElseThrow().floatReason())
        .contains("placement depthwise-float leaves depthwise convolutions in float");
    assertThat(left.find("k4", Role.WEIGHT).orElseThrow().floatReason())
        .contains("placement depthwise-float leaves a product of 16 terms with 8 results in float");
  }

  @Test
  void theFirstPlacementIsThatOfAPlanThatNamesNone() {
    QuantPlan plan = StaticPlans.plan(MODEL, INT8, Observation.CONSTANT_WEIGHT_INPUTS, INPUT);
    assertThat(plan.placement()).isEmpty();
    assertThat(plan("inputs").tensors()).isEqualTo(plan.tensors());
  }

  @Test
  void excludedTensorsAndSymmetricRangesAreHonoured() {
    Recipe excluding = Recipes.int8("operators = [Conv]", "exclude = [c2]");
    QuantPlan plan =
        StaticPlans.plan(
            Targets.DEFAULT,
            Optional.of("outputs"),
            MODEL,
            excluding,
            Observation.ALL_SUPPORTED,
            INPUT);
    assertThat(plan.find("c2", Role.ACTIVATION).filter(TensorPlan::quantized)).isEmpty();
    Recipe symmetric =
        Recipes.int8(
            "operators = [Conv]", "activations.type = int8", "activations.symmetric = true");
    QuantPlan before =
        StaticPlans.plan(
            Targets.DEFAULT,
            Optional.of("outputs"),
            MODEL,
            symmetric,
            Observation.ALL_SUPPORTED,
            INPUT);
    assertThat(before.find("c1", Role.ACTIVATION).orElseThrow().consumers())
        .containsExactly("relu");
  }

  @Test
  void onnxRuntimeFusesWhatOutputsQuantizes() throws IOException {
    assertThat(kernels("inputs")).doesNotContainKey("QLinearConv");
    assertThat(kernels("outputs")).containsEntry("QLinearConv", 3).containsEntry("QLinearAdd", 1);
    assertThat(kernels("outputs-depthwise-float")).containsEntry("QLinearConv", 1);
    assertThat(kernels("convolutions-float")).doesNotContainKey("QLinearConv");
  }

  /** Operators of the model that ONNX Runtime makes of a quantized one, and how many. */
  private SortedMap<String, Integer> kernels(String placement) throws IOException {
    return OptimizedModel.operators(
        StaticPlans.quantized(MODEL, plan(placement)), temporary.resolve(placement + ".onnx"));
  }

  @Test
  void aPlacementThatTheTargetDoesNotHaveIsRefusedWithTheNearest() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Targets.DEFAULT.placement("output"))
        .withMessage(
            "target onnxruntime has no placement 'output'; nearest is 'outputs' of [inputs, outputs,"
                + " depthwise-float, outputs-depthwise-float, convolutions-float]");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Targets.of("tensorrt").placement("outputs"))
        .withMessageContaining("nearest is 'inputs' of [inputs]");
  }

  @Test
  void placementsAreForRecipesThatLeaveItOpen() {
    assertThat(NamedPlacement.OUTPUTS.against(INT8)).isEmpty();
    assertThat(NamedPlacement.INPUTS.against(Recipes.shipped("int8-all")))
        .contains("the recipe says itself what is quantized: placement = all-supported");
    assertThat(NamedPlacement.INPUTS.against(Recipes.shipped("int8-weights")))
        .contains("it is about activations, and the recipe quantizes none ahead of time");
    Recipe channels = Recipes.int8("activations.granularity = per-channel");
    assertThat(NamedPlacement.OUTPUTS.against(channels))
        .contains("it needs activations per tensor");
    assertThat(NamedPlacement.INPUTS.against(channels)).isEmpty();
  }
}
