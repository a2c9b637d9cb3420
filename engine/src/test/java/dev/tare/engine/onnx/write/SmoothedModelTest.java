package dev.tare.engine.onnx.write;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.tuple;

import ai.onnxruntime.OrtSession.SessionOptions.OptLevel;
import dev.tare.engine.graph.QuantizableNode;
import dev.tare.engine.onnx.OnnxModel;
import dev.tare.engine.onnx.Reference;
import dev.tare.engine.onnx.proto.TensorProto;
import dev.tare.engine.onnx.view.OnnxGraph;
import dev.tare.engine.plan.SmoothedInput;
import dev.tare.engine.quant.QuantError;
import dev.tare.engine.tensor.Tensor;
import dev.tare.testkit.Models;
import dev.tare.testkit.SmallModels;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class SmoothedModelTest {

  private static final List<Float> FACTORS = List.of(.1f, 3f, .7f, 1f, 12f, .01f);

  private static SmoothedInput input(String tensor, List<Float> factors, String... consumers) {
    return new SmoothedInput(tensor, tensor + "_smoothed", List.of(consumers), .8, factors);
  }

  private static void assertExact(OnnxModel model, OnnxModel smoothed, Tensor x) {
    Map<String, Tensor> expected = Reference.run(model, Map.of("x", x), OptLevel.NO_OPT);
    Map<String, Tensor> actual = Reference.run(smoothed, Map.of("x", x), OptLevel.NO_OPT);
    assertThat(actual.keySet()).isEqualTo(expected.keySet());
    expected.forEach(
        (name, tensor) ->
            assertThat(QuantError.between(tensor.floats(), actual.get(name).floats()).sqnrDb())
                .isGreaterThan(100));
  }

  @Test
  void smoothedModelComputesTheSame() {
    OnnxModel model = SmallModels.mlp().build();
    List<Float> hidden = List.of(2f, .5f, 1f, 8f, .3f, .11f, 5f, 1f);
    OnnxModel smoothed =
        SmoothedModel.of(
            model, List.of(input("d", hidden, "third"), input("x", FACTORS, "first", "second")));
    assertExact(model, smoothed, Reference.gaussian(7, 5, 6));
    assertThat(smoothed.toByteArray())
        .isEqualTo(
            SmoothedModel.of(
                    model,
                    List.of(input("d", hidden, "third"), input("x", FACTORS, "first", "second")))
                .toByteArray());
    assertThat(OnnxGraph.of(smoothed).nodes())
        .extracting(QuantizableNode::node, QuantizableNode::input, QuantizableNode::weight)
        .containsExactly(
            tuple("first", "x_smoothed", "w1_smoothed"),
            tuple("second", "x_smoothed", "w2_smoothed"),
            tuple("third", "d_smoothed", "w3_smoothed"));
    assertThat(smoothed.constants().contains("w1")).isFalse();
    assertThat(smoothed.operatorCounts()).containsEntry("Mul", 2);
  }

  /** What offsets add goes into biases, an Add that follows, or one of its own. */
  @Test
  void shiftedModelComputesTheSame() {
    OnnxModel model =
        Models.opset(13)
            .input("x", "batch", 6)
            .weight("w", 6, 6)
            .weight("v", 4, 6)
            .weight("b", 6)
            .weight("c", 4)
            .node("MatMul", "alone", List.of("x", "w"), "y")
            .node("MatMul", "followed", List.of("x", "w"), "z")
            .node("Add", "b z", "s")
            .node(
                "Gemm",
                "biased",
                List.of("x", "v", "c"),
                "g",
                Models.integer("transB", 1),
                Models.number("alpha", .5f),
                Models.number("beta", 2f))
            .node("Gemm", "unbiased", List.of("x", "w"), "u", Models.number("alpha", .5f))
            .node("Add", "x u", "t")
            .output("y", "s", "g", "t")
            .build();
    List<Float> offsets = List.of(.5f, -7f, 2f, 0f, 40f, -.01f);
    OnnxModel shifted =
        SmoothedModel.of(
            model,
            List.of(
                input("x", FACTORS, "alone", "followed", "biased", "unbiased").shifted(offsets)));
    assertExact(model, shifted, Reference.gaussian(10, 5, 6));
    // The residual Add and that of the bias; the offsets; two behind products.
    assertThat(shifted.operatorCounts()).containsEntry("Mul", 1).containsEntry("Add", 5);
    assertThat(shifted.constants().contains("b")).isFalse();
    assertThat(shifted.constants().contains("b_shifted")).isTrue();
  }

  /** The residual edge, an unlisted product and the caller still read the input itself. */
  @Test
  void otherReadersKeepTheInputAndSharedWeightsTheirValues() {
    OnnxModel model =
        Models.opset(13)
            .input("x", "batch", 6)
            .weight("w", 6, 6)
            .node("Relu", "x", "h")
            .node("MatMul", "first", List.of("h", "w"), "a")
            .node("MatMul", "second", List.of("h", "w"), "b")
            .node("Add", "a h", "c")
            .output("b", "c", "h")
            .build();
    OnnxModel smoothed = SmoothedModel.of(model, List.of(input("h", FACTORS, "first")));
    assertExact(model, smoothed, Reference.gaussian(8, 5, 6));
    assertThat(smoothed.constants().contains("w")).isTrue();
    assertThat(smoothed.constants().contains("w_smoothed")).isTrue();
  }

  @Test
  void transposedWeightsOfNodesWithoutNamesAndOldModelsWork() {
    Models models =
        Models.opset(13)
            .input("x", "batch", 6)
            .weight("w", 4, 6)
            .weight("b", 4)
            .node("Relu", "x", "h")
            .node("Gemm", "h w b", "y", Models.integer("transB", 1))
            .output("y");
    models.model.setIrVersion(3);
    models.graph.addInput(Models.info("w", TensorProto.DataType.FLOAT, 4, 6));
    models.graph.addInput(Models.info("b", TensorProto.DataType.FLOAT, 4));
    OnnxModel model = models.build();
    OnnxModel smoothed = SmoothedModel.of(model, List.of(input("h", FACTORS, "Gemm#1")));
    assertExact(model, smoothed, Reference.gaussian(9, 5, 6));
    assertThat(smoothed.nodeNames()).containsExactly("Relu#0", "h_smoothed_Mul", "Gemm#1");
  }

  @Test
  void changesThatContradictTheModelAreRefused() {
    OnnxModel model = SmallModels.mlp().build();
    assertRefused(model, input("x", FACTORS, "third"), "node 'third' does not multiply it by");
    assertRefused(model, input("x", FACTORS, "fourth"), "node 'fourth' does not multiply it by");
    assertRefused(
        model,
        input("x", List.of(1f), "first"),
        "Cannot smooth input 'x' to 'x_smoothed': 1 factors for weight 'w1' of shape [6, 8]");
    assertRefused(
        model, new SmoothedInput("x", "y", List.of("first"), 1, FACTORS), "that name is taken");
  }

  private static void assertRefused(OnnxModel model, SmoothedInput input, String message) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> SmoothedModel.of(model, List.of(input)))
        .withMessageContaining(message);
  }
}
