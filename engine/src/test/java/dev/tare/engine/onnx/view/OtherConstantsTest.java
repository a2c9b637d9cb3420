package dev.tare.engine.onnx.view;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import dev.tare.engine.model.Observation;
import dev.tare.engine.onnx.CapturedModel;
import dev.tare.engine.onnx.OnnxModel;
import dev.tare.engine.onnx.Reference;
import dev.tare.engine.onnx.StaticPlans;
import dev.tare.engine.onnx.graph.TensorCodec;
import dev.tare.engine.onnx.proto.AttributeProto;
import dev.tare.engine.onnx.proto.GraphProto;
import dev.tare.engine.onnx.proto.NodeProto;
import dev.tare.engine.onnx.proto.TensorProto;
import dev.tare.engine.onnx.proto.ValueInfoProto;
import dev.tare.engine.plan.OtherConstants;
import dev.tare.engine.plan.QuantPlan;
import dev.tare.engine.plan.TensorPlan;
import dev.tare.engine.recipe.Role;
import dev.tare.engine.target.OnnxRuntimeTarget;
import dev.tare.engine.tensor.DType;
import dev.tare.engine.tensor.Shape;
import dev.tare.testkit.Models;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Every constant that stays float has its reason, whoever reads it. */
class OtherConstantsTest {

  private static List<TensorPlan> left(OnnxModel model, List<TensorPlan> planned) {
    return OtherConstants.of(
        OnnxRuntimeTarget.INSTANCE, CapturedModel.recipe("int8"), OnnxGraph.of(model), planned);
  }

  private static List<TensorPlan> left(Models models) {
    return left(models.build(), List.of());
  }

  private static Models runtimes(Models models, String operator, String in, String out) {
    models.graph.addNode(
        NodeProto.newBuilder()
            .setDomain("com.microsoft")
            .setOpType(operator)
            .setName("odd")
            .addAllInput(List.of(in.split(" ", -1)))
            .addOutput(out));
    models.model.addOpsetImport(Models.opset("com.microsoft", 1));
    return models;
  }

  @ParameterizedTest
  @ValueSource(strings = {"LSTM", "GRU", "RNN", "Einsum", "DFT", "GridSample"})
  void constantsOfOperatorsWithoutAQuantizedForm(String operator) {
    List<TensorPlan> left =
        left(
            Models.opset(20)
                .input("x", 3, 4)
                .weight("w", 4, 8)
                .weight("v", 4, 4)
                .node(operator, "odd", List.of("x", "w"), List.of("h"))
                .node("MatMul", "fc", List.of("h", "v"), List.of("y"))
                .output("y"));
    assertThat(left.get(0).tensor()).isEqualTo("w");
    assertThat(left.get(0).role()).isEqualTo(Role.WEIGHT);
    assertThat(left.get(0).consumers()).containsExactly("odd");
    assertThat(left.get(0).shape()).contains(Shape.of(4, 8));
    assertThat(left.get(0).floatReason())
        .contains("constants of " + operator + " are not quantized");
  }

  @ParameterizedTest
  @ValueSource(strings = {"FusedMatMul", "Attention", "EmbedLayerNormalization", "NobodyKnows"})
  void constantsOfContributedOperators(String operator) {
    Models models = Models.opset(17).input("x", 3, 4).weight("w", 4, 8).weight("bias", 8);
    List<TensorPlan> left = left(runtimes(models, operator, "x w bias", "y").output("y"));
    assertThat(left)
        .singleElement()
        .satisfies(
            plan ->
                assertThat(plan.floatReason())
                    .contains("constants of com.microsoft." + operator + " are not quantized"));
  }

  @Test
  void productsTellWhyTheyHaveNoWeight() {
    ByteBuffer doubles = ByteBuffer.allocate(4 * 4 * 8);
    List<TensorPlan> left =
        left(
            Models.opset(17)
                .input("x", 4, 4)
                .constant(TensorCodec.encode("wide", DType.FLOAT64, List.of(4L, 4L), doubles))
                .weight("left", 4, 4)
                .weight("both", 4, 4)
                .weight("bias", 4, 4)
                .weight("w", 4, 4)
                .node("Cast", "x", "x64", Models.integer("to", 11))
                .node("MatMul", "a", List.of("x64", "wide"), List.of("y64"))
                .node("Gemm", "b", List.of("left", "x"), List.of("l"))
                .node("MatMul", "c", List.of("both", "both"), List.of("k"))
                .node("Gemm", "d", List.of("x", "w", "bias"), List.of("y"))
                .output("y64", "l", "k", "y"));
    assertThat(left)
        .extracting(TensorPlan::tensor, plan -> plan.floatReason().orElseThrow())
        .contains(
            tuple("wide", "weight 'wide' is FLOAT64, not FLOAT32"),
            tuple("left", "it is the left operand, which only MatMul may have constant"),
            tuple("both", "both operands are constant"),
            tuple("bias", "a bias is no vector of the output channels, or has factors"));
  }

  @Test
  void tablesAndSummandsTellWhatWouldQuantizeThem() {
    List<TensorPlan> left =
        left(
            Models.opset(17)
                .input("x", 4, 4)
                .input("ids", TensorProto.DataType.INT64, 4)
                .weight("columns", 4, 9)
                .weight("numbers", 900)
                .weight("positions", 4, 4)
                .node("Gather", "g", List.of("columns", "ids"), List.of("a"), axis(1))
                .node("Gather", "h", List.of("numbers", "ids"), List.of("b"))
                .node("Add", "add", List.of("x", "positions"), List.of("c"))
                .output("a", "b", "c"));
    assertThat(left)
        .extracting(TensorPlan::tensor)
        .containsExactly("columns", "numbers", "positions");
    assertThat(left.get(0).floatReason().orElseThrow()).startsWith("a Gather takes quantized rows");
    assertThat(left.get(1).floatReason()).isEqualTo(left.get(0).floatReason());
    assertThat(left.get(2).floatReason())
        .contains("constants of Add are quantized by placement all-supported alone");
  }

  private static AttributeProto axis(int axis) {
    return Models.integer("axis", axis);
  }

  @Test
  void constantsOfBodiesStandBehindTheirPath() {
    GraphProto.Builder body =
        GraphProto.newBuilder()
            .setName("body")
            .addInitializer(Models.gaussian("own", 4, 4))
            .addNode(Models.nodeOf("Einsum", "e", List.of("x", "own"), List.of("t")))
            .addNode(Models.nodeOf("Einsum", "f", List.of("t", "outer"), List.of("u")))
            .addOutput(ValueInfoProto.newBuilder().setName("u"));
    List<TensorPlan> left =
        left(
            Models.opset(17)
                .input("x", 4, 4)
                .input("flag", TensorProto.DataType.BOOL)
                .weight("outer", 4, 4)
                .node(
                    "If",
                    "if",
                    List.of("flag"),
                    List.of("y"),
                    Models.graph("then_branch", body),
                    Models.graph("else_branch", body))
                .output("y"));
    assertThat(left)
        .extracting(TensorPlan::tensor, TensorPlan::consumers)
        .containsExactly(
            tuple("if/then_branch/own", List.of("if/then_branch/e")),
            tuple("outer", List.of("if/then_branch/f", "if/else_branch/f")),
            tuple("if/else_branch/own", List.of("if/else_branch/e")));
  }

  @Test
  void readersThatThePlanSpeaksOfGetNoSecondEntry() {
    OnnxModel model =
        Models.opset(17)
            .input("x", 4, 4)
            .weight("w", 4, 4)
            .node("MatMul", "fc", List.of("x", "w"), List.of("a"))
            .node(
                "Einsum",
                "einsum",
                List.of("a", "w"),
                List.of("y"),
                Models.text("equation", "ab,bc->ac"))
            .output("y")
            .build();
    List<TensorPlan> planned =
        StaticPlans.plan(
                model,
                CapturedModel.recipe("int8"),
                Observation.CONSTANT_WEIGHT_INPUTS,
                Map.of("x", Reference.gaussian(1, 4, 4)))
            .tensors();
    assertThat(planned)
        .filteredOn(plan -> plan.tensor().equals("w"))
        .extracting(TensorPlan::quantized, TensorPlan::consumers)
        .containsExactly(tuple(true, List.of("fc")), tuple(false, List.of("einsum")));
    assertThat(left(model, planned)).isEmpty();
  }

  @Test
  void vectorsAreCountedAndNotListed() {
    OnnxModel model =
        Models.opset(17)
            .input("x", 1, 4, 600)
            .weight("scale", 600)
            .weight("shift", 600)
            .weight("slopes", 4, 1)
            .weight("one", 1)
            .node("LayerNormalization", "x scale shift", "a")
            .node("PRelu", "a slopes", "b")
            .node("Mul", "b one", "y")
            .output("y")
            .build();
    assertThat(left(model, List.of())).isEmpty();
    OtherConstants.Vectors vectors =
        OtherConstants.Vectors.of(OnnxGraph.of(model), new QuantPlan("", "", "", List.of()));
    assertThat(vectors).isEqualTo(new OtherConstants.Vectors(4, 1205));
  }
}
