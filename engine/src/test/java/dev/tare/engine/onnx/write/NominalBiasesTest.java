package dev.tare.engine.onnx.write;

import static org.assertj.core.api.Assertions.assertThat;

import ai.onnxruntime.OrtSession.SessionOptions.OptLevel;
import dev.tare.engine.onnx.OnnxModel;
import dev.tare.engine.onnx.Plans;
import dev.tare.engine.onnx.Reference;
import dev.tare.engine.onnx.proto.NodeProto;
import dev.tare.engine.onnx.view.OnnxGraph;
import dev.tare.engine.plan.QuantPlan;
import dev.tare.engine.tensor.Tensor;
import dev.tare.testkit.Models;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class NominalBiasesTest {

  private static final String BIAS = "y_nominal_bias";

  private static Models convolution() {
    return Models.opset(13).input("x", "n", 3, "h", "w").weight("kernel", 4, 3, 1, 1);
  }

  private static Models gate() {
    return convolution()
        .node("Conv", "x kernel", "y")
        .node("GlobalAveragePool", "y", "mean")
        .node("Mul", "y mean", "out")
        .output("out");
  }

  private static OnnxModel rewrite(OnnxModel model, String target) {
    QuantPlan all = Plans.everything(model);
    QuantPlan plan = new QuantPlan("test", target, "", "", all.tensors());
    return QdqRewriter.rewrite(model, plan, tensor -> Plans.codes(model, tensor));
  }

  private static NodeProto conv(OnnxModel model) {
    return model.graph().getNodeList().stream()
        .filter(node -> node.getOpType().equals("Conv"))
        .findFirst()
        .orElseThrow();
  }

  @Test
  void aResultThatSeveralReadHasOne() {
    OnnxModel model = rewrite(gate().build(), "openvino");
    assertThat(conv(model).getInputList()).hasSize(3).last().isEqualTo(BIAS);
    float[] bias = OnnxGraph.of(model).constant(BIAS).toFloatArray();
    assertThat(bias).hasSize(4).containsOnly(0x1p-100f);
    assertThat(conv(rewrite(gate().build(), "onnxruntime")).getInputCount()).isEqualTo(2);
  }

  @Test
  void itChangesNoBit() {
    Map<String, Tensor> inputs = Map.of("x", Reference.gaussian(3, 2, 3, 8, 8));
    for (OptLevel level : List.of(OptLevel.NO_OPT, OptLevel.ALL_OPT)) {
      assertThat(Reference.run(rewrite(gate().build(), "openvino"), inputs, level))
          .isEqualTo(Reference.run(rewrite(gate().build(), "onnxruntime"), inputs, level));
    }
  }

  @Test
  void aBiasOfZerosIsReplaced() {
    OnnxModel model =
        convolution()
            .constant(Models.floats("zeros", new float[4], 4))
            .node("Conv", "x kernel zeros", "y")
            .node("Mul", "y y", "out")
            .output("out")
            .build();
    OnnxModel quantized = rewrite(model, "openvino");
    assertThat(conv(quantized).getInput(2)).isEqualTo(BIAS);
    assertThat(quantized.operatorCounts()).containsEntry("DequantizeLinear", 2);
    assertThat(quantized.tensors()).noneMatch(name -> name.startsWith("zeros"));
  }

  /** Each case is what follows the convolution: operator, what it reads, what it computes. */
  @ParameterizedTest
  @CsvSource({
    "Relu y out, false",
    "Relu y y2; Sigmoid y2 out, false",
    "Mul y y out, true",
    "Identity y y2; Relu y2 a; Sigmoid y2 out, true",
    "Relu y out; Sigmoid y unread, true",
    "Conv y second out, false",
    "Conv y second a; Relu y out, true",
  })
  void onlyWhereSeveralRead(String nodes, boolean several) {
    Models models = convolution().weight("second", 4, 4, 1, 1).node("Conv", "x kernel", "y");
    for (String node : nodes.split("; ", -1)) {
      String[] words = node.split(" ", -1);
      int last = words.length - 1;
      models.node(words[0], String.join(" ", Arrays.copyOfRange(words, 1, last)), words[last]);
    }
    NodeProto conv = conv(rewrite(models.output("out").build(), "openvino"));
    assertThat(conv.getInputList().contains(BIAS)).isEqualTo(several);
  }

  /** The caller is a reader too. */
  @Test
  void outputsAreRead() {
    Models models = convolution().node("Conv", "x kernel", "y").node("Relu", "y", "out");
    assertThat(conv(rewrite(models.output("out", "y").build(), "openvino")).getInputCount())
        .isEqualTo(3);
  }
}
