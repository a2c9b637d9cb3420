package dev.tare.engine.onnx.view;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.tuple;
import static org.assertj.core.api.Assertions.within;

import ai.onnxruntime.OrtSession.SessionOptions.OptLevel;
import dev.tare.engine.graph.QuantizableNode;
import dev.tare.engine.onnx.OnnxModel;
import dev.tare.engine.onnx.Plans;
import dev.tare.engine.onnx.Reference;
import dev.tare.engine.onnx.proto.GraphProto;
import dev.tare.engine.onnx.proto.NodeProto;
import dev.tare.engine.onnx.proto.TensorProto;
import dev.tare.engine.onnx.write.QdqRewriter;
import dev.tare.engine.tensor.Shape;
import dev.tare.engine.tensor.Tensor;
import dev.tare.testkit.Models;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

public class OnnxGraphTest {

  private static Models image() {
    return Models.opset(13).input("x", "n", 4, "h", "w");
  }

  private static QuantizableNode only(Models models) {
    List<QuantizableNode> nodes = OnnxGraph.of(models.build()).nodes();
    assertThat(nodes).hasSize(1);
    return nodes.get(0);
  }

  @Test
  void transposedConvolutionHasItsOutputChannelsBehindItsInputChannels() {
    QuantizableNode node =
        only(
            image()
                .weight("w", 4, 6, 2, 2)
                .weight("b", 6)
                .node("ConvTranspose", "up", List.of("x", "w", "b"), List.of("y"))
                .output("y"));
    assertThat(node)
        .isEqualTo(
            OnnxNodes.node(
                "up",
                "ConvTranspose",
                "x",
                0,
                "w",
                1,
                Shape.of(4, 6, 2, 2),
                1,
                Optional.of("b"),
                1));
  }

  @Test
  void transposedConvolutionWithGroupsTakesOneScale() {
    QuantizableNode node =
        only(
            image()
                .weight("w", 4, 3, 2, 2)
                .weight("b", 6)
                .node("ConvTranspose", "x w b", "y", Models.integer("group", 2))
                .output("y"));
    assertThat(node.channelScales()).isFalse();
    assertThat(node.bias()).contains("b");
  }

  @Test
  void depthwiseConvolutionHasAScaleForEachChannel() {
    QuantizableNode node =
        only(
            image()
                .weight("w", 4, 1, 3, 3)
                .node("Conv", "x w", "y", Models.integer("group", 4))
                .output("y"));
    assertThat(node.weightAxis()).isZero();
    assertThat(node.channelScales()).isTrue();
    assertThat(node.depthwise()).isTrue();
  }

  @Test
  void convolutionOfOneChannelOrOfSeveralInAGroupIsNotDepthwise() {
    Models gray = Models.opset(13).input("x", "n", 1, "h", "w").weight("w", 4, 1, 3, 3);
    assertThat(only(gray.node("Conv", "x w", "y").output("y")).depthwise()).isFalse();
    Models grouped = image().weight("w", 4, 2, 3, 3);
    QuantizableNode node =
        only(grouped.node("Conv", "x w", "y", Models.integer("group", 2)).output("y"));
    assertThat(node.groups()).isEqualTo(2);
    assertThat(node.depthwise()).isFalse();
  }

  @Test
  void constantsAreFoundWhereverTheyStand() {
    Models models =
        image()
            .constantNode("kernel", 4, 4, 1, 1)
            .node("Identity", "kernel", "k1")
            .node("Identity", "k1", "k2")
            .weight("bias", 4)
            .node("Identity", "bias", "b1")
            .node("Conv", "x k2 b1", "c")
            .node("Transpose", "c", "t", Models.ints("perm", 0L, 2L, 3L, 1L))
            .constantNode("dense", 4, 3)
            .node("Identity", "dense", "d1")
            .node("MatMul", "t d1", "m")
            .constantNode("left", 5, 4)
            .node("Transpose", "m", "u", Models.ints("perm", 0L, 3L, 1L, 2L))
            .constantNode("up", 3, 2, 2, 2)
            .node("Identity", "up", "u1")
            .node("ConvTranspose", "u u1", "y")
            .output("y");
    OnnxModel model = models.build();
    assertThat(OnnxGraph.of(model).nodes())
        .extracting(QuantizableNode::weight)
        .containsExactly("kernel", "dense", "up");
    assertThat(OnnxGraph.of(model).nodes().get(0).bias()).contains("bias");

    OnnxModel quantized =
        QdqRewriter.rewrite(model, Plans.everything(model), plan -> Plans.codes(model, plan));
    assertThat(quantized.operatorCounts())
        .containsEntry("QuantizeLinear", 3)
        .doesNotContainKey("Identity");
    Map<String, Tensor> inputs = Map.of("x", Reference.gaussian(4, 1, 4, 3, 5));
    float[] expected = Reference.run(model, inputs, OptLevel.NO_OPT).get("y").toFloatArray();
    for (OptLevel level : List.of(OptLevel.NO_OPT, OptLevel.ALL_OPT)) {
      float[] actual = Reference.run(quantized, inputs, level).get("y").toFloatArray();
      for (int i = 0; i < expected.length; i++) {
        assertThat(actual[i]).isCloseTo(expected[i], within(.1f));
      }
    }
  }

  private static GraphProto.Builder body(String name) {
    return GraphProto.newBuilder().setName(name);
  }

  private static NodeProto matMul(String in, String out) {
    return Models.nodeOf("MatMul", "", List.of(in.split(" ", -1)), List.of(out));
  }

  private static GraphProto.Builder returning(GraphProto.Builder graph, String output) {
    return graph.addOutput(Models.info(output, TensorProto.DataType.FLOAT, "n", 4));
  }

  private static NodeProto choice(GraphProto.Builder then, GraphProto.Builder otherwise) {
    return Models.nodeOf(
        "If",
        "",
        List.of("flag"),
        List.of("y"),
        Models.graph("then_branch", then),
        Models.graph("else_branch", otherwise));
  }

  public static Models branches() {
    GraphProto.Builder deep = returning(body("deep").addNode(matMul("a w", "y")), "y");
    GraphProto.Builder other =
        returning(
            body("other").addNode(Models.nodeOf("Identity", "", List.of("a"), List.of("o"))), "o");
    GraphProto.Builder then =
        returning(
            body("then")
                .addInitializer(Models.gaussian("w", 4, 4))
                .addNode(matMul("x w", "a"))
                .addNode(choice(deep, other)),
            "y");
    GraphProto.Builder otherwise =
        returning(
            body("else")
                .addInitializer(Models.gaussian("w", 4, 4).toBuilder().setName("own"))
                .addNode(Models.nodeOf("Identity", "", List.of("outer"), List.of("again")))
                .addNode(matMul("x again", "b"))
                .addNode(matMul("b own", "c"))
                .addNode(matMul("own outer", "constant"))
                .addNode(matMul("c x", "computed"))
                .addNode(Models.nodeOf("Add", "", List.of("c", "constant"), List.of("d"))),
            "d");
    Models models =
        Models.opset(13)
            .input("x", 4, 4)
            .input("flag", TensorProto.DataType.BOOL)
            .weight("outer", 4, 4)
            .node("MatMul", "x outer", "p");
    models.graph.addNode(choice(then, otherwise));
    return models.output("y", "p");
  }

  @Test
  void weightsInBodiesAreListedApart() {
    OnnxModel model = branches().build();
    assertThat(OnnxGraph.of(model).nodes()).extracting("node").containsExactly("MatMul#0");
    assertThat(OnnxGraph.of(model).inSubgraphs())
        .extracting(QuantizableNode::node, QuantizableNode::input, QuantizableNode::weight)
        .containsExactly(
            tuple("If#1/then_branch/MatMul#0", "x", "If#1/then_branch/w"),
            tuple(
                "If#1/then_branch/If#1/then_branch/MatMul#0",
                "If#1/then_branch/a",
                "If#1/then_branch/w"),
            tuple("If#1/else_branch/MatMul#1", "x", "outer"),
            tuple("If#1/else_branch/MatMul#2", "If#1/else_branch/b", "If#1/else_branch/own"));
    for (QuantizableNode node : OnnxGraph.of(model).inSubgraphs()) {
      assertThat(OnnxGraph.of(model).constant(node.weight()).shape()).isEqualTo(node.weightShape());
    }
    assertThat(OnnxGraph.of(model).constant("If#1/else_branch/own"))
        .isEqualTo(OnnxGraph.of(model).constant("If#1/then_branch/w"));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> OnnxGraph.of(model).constant("own"))
        .withMessage("There is no constant 'own'");
  }

  @Test
  void pathsKeepClearOfNamesThatAModelHas() {
    OnnxModel model =
        branches()
            .constant(Models.gaussian("If#1/then_branch/w", 2, 2))
            .node("Relu", "", List.of("x"), List.of("If#1/else_branch/MatMul#1"))
            .build();
    assertThat(OnnxGraph.of(model).inSubgraphs())
        .extracting(QuantizableNode::node)
        .containsExactly(
            "If#1/then_branch_/MatMul#0",
            "If#1/then_branch_/If#1/then_branch_/MatMul#0",
            "If#1/else_branch_/MatMul#1",
            "If#1/else_branch_/MatMul#2");
    assertThat(OnnxGraph.of(model).constant("If#1/then_branch/w").shape())
        .isEqualTo(Shape.of(2, 2));
    assertThat(OnnxGraph.of(model).constant("If#1/then_branch_/w").shape())
        .isEqualTo(Shape.of(4, 4));
  }

  @Test
  void aBodyMayHideAConstantBehindATensorOfItsOwn() {
    GraphProto.Builder loop =
        body("loop")
            .addInput(Models.info("i", TensorProto.DataType.INT64))
            .addInput(Models.info("go", TensorProto.DataType.BOOL))
            .addInput(Models.info("state", TensorProto.DataType.FLOAT, 4, 4))
            .addNode(matMul("x state", "m"))
            .addNode(matMul("m outer", "next"))
            .addOutput(Models.info("go", TensorProto.DataType.BOOL))
            .addOutput(Models.info("next", TensorProto.DataType.FLOAT, 4, 4));
    OnnxModel model =
        Models.opset(13)
            .input("x", 4, 4)
            .weight("outer", 4, 4)
            .constant(Models.longs("trips", 3L).toBuilder().clearDims().build())
            .node(
                "Loop", "loop", List.of("trips", "", "x"), List.of("y"), Models.graph("body", loop))
            .output("y")
            .build();
    assertThat(OnnxGraph.of(model).inSubgraphs())
        .extracting(QuantizableNode::node)
        .containsExactly("loop/body/MatMul#1");
  }
}
