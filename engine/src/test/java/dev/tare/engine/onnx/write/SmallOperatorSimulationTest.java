package dev.tare.engine.onnx.write;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import ai.onnxruntime.OrtSession.SessionOptions.OptLevel;
import dev.tare.engine.onnx.Agreement;
import dev.tare.engine.onnx.CapturedModel;
import dev.tare.engine.onnx.IntegerReference;
import dev.tare.engine.onnx.Integers;
import dev.tare.engine.onnx.OneOperator;
import dev.tare.engine.onnx.OnnxModel;
import dev.tare.engine.onnx.Reference;
import dev.tare.engine.onnx.proto.AttributeProto;
import dev.tare.engine.onnx.view.OnnxGraph;
import dev.tare.engine.plan.QuantPlan;
import dev.tare.engine.recipe.Recipe;
import dev.tare.engine.tensor.Shape;
import dev.tare.engine.tensor.Tensor;
import dev.tare.testkit.Models;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Forms of quantized operators that the published models lack, against integers in ONNX Runtime.
 */
class SmallOperatorSimulationTest {

  /** Float sums of a few hundred products, in units of the largest output. */
  private static final double FLOAT_SUMS = 0x1p-20;

  private static final String UNSIGNED =
      "weights { type = uint8, symmetric = false, narrow-range = false, granularity = per-tensor }";

  private static Models image(List<Integer> x, List<Integer> w, int bias) {
    Models models =
        Models.opset(13)
            .input("x", x.toArray())
            .weight("w", w.stream().mapToLong(Integer::longValue).toArray());
    return bias == 0 ? models : models.weight("b", bias);
  }

  private static Arguments form(
      String operator, List<Integer> x, List<Integer> w, int bias, AttributeProto... attributes) {
    String inputs = bias == 0 ? "x w" : "x w b";
    OnnxModel model = image(x, w, bias).node(operator, inputs, "y", attributes).output("y").build();
    return Arguments.of(operator + Arrays.toString(attributes).replaceAll("\\s+", " "), model);
  }

  static Stream<Arguments> products() {
    List<Integer> rows = List.of(5, 12);
    return Stream.of(
        form("MatMul", List.of(2, 3, 5, 12), List.of(12, 7), 0),
        form("Gemm", rows, List.of(12, 7), 7),
        form("Gemm", List.of(12, 5), List.of(7, 12), 7, transposed("A"), transposed("B")),
        form(
            "Gemm",
            rows,
            List.of(7, 12),
            7,
            transposed("B"),
            Models.number("alpha", .5f),
            Models.number("beta", -2)),
        form("Gemm", rows, List.of(12, 7), 0, Models.number("alpha", 3)));
  }

  private static AttributeProto transposed(String operand) {
    return Models.integer("trans" + operand, 1);
  }

  static Stream<Arguments> convolutions() {
    List<Integer> image = List.of(2, 4, 9, 11);
    return Stream.of(
        form("Conv", image, List.of(6, 4, 3, 3), 6),
        form("Conv", image, List.of(6, 2, 3, 2), 6, Models.integer("group", 2)),
        form("Conv", image, List.of(8, 1, 3, 3), 8, Models.integer("group", 4), pads(1, 0, 2, 3)),
        form("Conv", image, List.of(6, 4, 3, 3), 0, ints("strides", 2, 3), ints("dilations", 2, 1)),
        form(
            "Conv",
            image,
            List.of(6, 4, 4, 3),
            6,
            ints("strides", 2, 3),
            Models.text("auto_pad", "SAME_UPPER")),
        form(
            "Conv",
            image,
            List.of(6, 4, 4, 2),
            6,
            ints("strides", 2, 1),
            Models.text("auto_pad", "SAME_LOWER")),
        form("Conv", image, List.of(6, 4, 2, 2), 6, Models.text("auto_pad", "VALID")),
        form("Conv", List.of(2, 4, 15), List.of(6, 4, 5), 6, pads(2, 1), ints("strides", 2)));
  }

  static Stream<Arguments> transposedConvolutions() {
    List<Integer> image = List.of(2, 4, 5, 6);
    return Stream.of(
        form("ConvTranspose", image, List.of(4, 3, 3, 2), 3),
        form(
            "ConvTranspose",
            image,
            List.of(4, 3, 3, 3),
            6,
            Models.integer("group", 2),
            ints("strides", 2, 3),
            ints("dilations", 1, 2),
            pads(1, 0, 1, 2),
            ints("output_padding", 1, 0)),
        form(
            "ConvTranspose",
            image,
            List.of(4, 3, 3, 4),
            3,
            ints("strides", 2, 2),
            Models.text("auto_pad", "SAME_UPPER")),
        form("ConvTranspose", List.of(2, 4, 7), List.of(4, 3, 4), 0, ints("strides", 3)));
  }

  private static AttributeProto ints(String name, long... values) {
    return Models.ints(name, Arrays.stream(values).boxed().toArray(Long[]::new));
  }

  private static AttributeProto pads(long... values) {
    return ints("pads", values);
  }

  /** Largest differences unoptimized and optimized, of an input partly outside the range. */
  private static List<Double> differences(OnnxModel model, Recipe recipe) {
    long[] dims =
        model.graph().getInput(0).getType().getTensorType().getShape().getDimList().stream()
            .mapToLong(d -> d.getDimValue())
            .toArray();
    Map<String, Tensor> calibration = Map.of("x", Reference.gaussian(1, dims));
    Tensor x = Reference.gaussian(2, dims);
    CapturedModel captured = new CapturedModel(model, List.of(calibration, Map.of("x", x)));
    QuantPlan plan = captured.plan(recipe, 1);
    OneOperator operator =
        OneOperator.of(
            captured.model(),
            plan,
            OnnxGraph.of(captured.model()).nodes().get(0).node(),
            captured.captured().get(1));
    assertThat(operator.plan().tensors()).isNotEmpty();
    Tensor simulated = new OperatorSimulation(operator).run(x);
    List<Double> differences = new ArrayList<>();
    for (OptLevel level : List.of(OptLevel.NO_OPT, OptLevel.ALL_OPT)) {
      differences.add(
          Agreement.difference(simulated, OneOperator.run(operator.quantized(), x, level)));
    }
    return differences;
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource({"products", "convolutions", "transposedConvolutions"})
  void staticOperatorsGiveTheirIntegers(String form, OnnxModel model) {
    for (Recipe recipe :
        List.of(
            CapturedModel.recipe("int8"),
            CapturedModel.recipe("int8-symmetric"),
            CapturedModel.recipe("int8", UNSIGNED))) {
      assertThat(differences(model, recipe)).as(form).allMatch(d -> d < FLOAT_SUMS);
    }
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource({"products", "convolutions"})
  void dynamicOperatorsGiveTheirIntegers(String form, OnnxModel model) {
    for (Recipe recipe :
        List.of(
            CapturedModel.recipe("int8-dynamic"), CapturedModel.recipe("int8-dynamic", UNSIGNED))) {
      // A float bias is added to a product that may be kept unrounded until then.
      assertThat(differences(model, recipe)).as(form).allMatch(d -> d < 0x1p-23);
    }
  }

  @Test
  void constantLeftOperandGivesItsIntegers() {
    OnnxModel model =
        Models.opset(13)
            .input("x", 3, 6, 5)
            .weight("w", 4, 6)
            .node("MatMul", "w x", "y")
            .output("y")
            .build();
    assertThat(differences(model, CapturedModel.recipe("int8"))).allMatch(d -> d < FLOAT_SUMS);
    assertThat(differences(model, CapturedModel.recipe("int8-dynamic", UNSIGNED)))
        .containsExactly(0.0, 0.0);
  }

  @Test
  void sumsThatInt32CannotHoldAreRefused() {
    Integers row = new Integers(Shape.of(1, 2), new int[] {1 << 20, 1 << 20});
    assertThatExceptionOfType(ArithmeticException.class)
        .isThrownBy(() -> IntegerReference.matMul(row, row.transposed()))
        .withMessage("integer overflow");
  }
}
