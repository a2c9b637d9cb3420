package dev.tare.engine.onnx.graph;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tare.engine.onnx.proto.GraphProto;
import dev.tare.engine.onnx.proto.NodeProto;
import dev.tare.engine.onnx.proto.TensorProto;
import dev.tare.engine.onnx.proto.ValueInfoProto;
import dev.tare.testkit.Models;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TensorTypesTest {

  private static TensorTypes types(Models models) {
    return TensorTypes.of(models.build().graph());
  }

  @ParameterizedTest
  @ValueSource(strings = {"LSTM", "GRU", "RNN"})
  void everyOutputOfARecurrentOperatorHasTheTypeOfItsInput(String operator) {
    int gates = operator.equals("LSTM") ? 16 : operator.equals("GRU") ? 12 : 4;
    TensorTypes types =
        types(
            Models.opset(17)
                .input("x", 1, 1, 3)
                .weight("w", 1, gates, 3)
                .weight("r", 1, gates, 4)
                .node(
                    operator,
                    "",
                    List.of("x", "w", "r"),
                    operator.equals("LSTM") ? List.of("all", "last", "cell") : List.of("", "last"),
                    Models.integer("hidden_size", 4))
                .node("Squeeze", "last", "y")
                .output("y"));
    assertThat(List.of("last", "y")).allMatch(types::isFloat);
    assertThat(types.isFloat("cell")).isEqualTo(operator.equals("LSTM"));
  }

  @Test
  void whatAFloatWeightMultipliesIsFloatAndSoIsWhatItGives() {
    Models models = Models.opset(17).input("x", 3, 4).weight("w", 4, 4).weight("b", 4);
    models.graph.addNode(
        NodeProto.newBuilder()
            .setDomain("com.microsoft")
            .setOpType("NobodyKnows")
            .addInput("x")
            .addOutput("odd"));
    models.model.addOpsetImport(Models.opset("com.microsoft", 1));
    TensorTypes types =
        types(
            models
                .node("Relu", "odd", "cut")
                .node("Gemm", "cut w b", "h")
                .node("Reshape", "h shape", "y")
                .constant(Models.longs("shape", 12L))
                .output("y"));
    assertThat(List.of("odd", "cut", "h", "y")).allMatch(types::isFloat);
    assertThat(types.mayBeFloat("shape")).isFalse();
  }

  @Test
  void outputsOfContributedOperatorsHaveTheTypeOfTheirWeights() {
    Models models =
        Models.opset(17)
            .input("ids", TensorProto.DataType.INT32, 1, 5)
            .weight("words", 10, 4)
            .weight("positions", 5, 4)
            .weight("gamma", 4)
            .weight("beta", 4);
    models.graph.addNode(
        NodeProto.newBuilder()
            .setDomain("com.microsoft")
            .setOpType("EmbedLayerNormalization")
            .addAllInput(List.of("ids", "", "words", "positions", "", "gamma", "beta"))
            .addAllOutput(List.of("y", "mask")));
    models.model.addOpsetImport(Models.opset("com.microsoft", 1));
    TensorTypes types = types(models.output("y"));
    assertThat(types.isFloat("y")).isTrue();
    assertThat(types.isFloat("mask")).isFalse();
  }

  private static GraphProto.Builder body(List<NodeProto> nodes, List<String> in, String... out) {
    GraphProto.Builder body = GraphProto.newBuilder().setName("body").addAllNode(nodes);
    in.forEach(name -> body.addInput(ValueInfoProto.newBuilder().setName(name)));
    for (String name : out) {
      body.addOutput(ValueInfoProto.newBuilder().setName(name));
    }
    return body;
  }

  @Test
  void resultsOfBodiesHaveTheirTypes() {
    NodeProto neg = Models.nodeOf("Neg", "", List.of("x"), List.of("h"));
    NodeProto count = Models.nodeOf("Shape", "", List.of("x"), List.of("h"));
    GraphProto.Builder step =
        body(
            List.of(
                Models.nodeOf("Add", "", List.of("state", "row"), List.of("next")),
                Models.nodeOf("Identity", "", List.of("next"), List.of("out"))),
            List.of("state", "row"),
            "next",
            "out");
    GraphProto.Builder turn =
        body(
            List.of(
                Models.nodeOf("Identity", "", List.of("go"), List.of("on")),
                Models.nodeOf("Neg", "", List.of("h"), List.of("k")),
                Models.nodeOf("Size", "", List.of("h"), List.of("n"))),
            List.of("i", "go", "h"),
            "on",
            "k",
            "n");
    TensorTypes types =
        types(
            Models.opset(17)
                .input("x", 3, 4)
                .input("flag", TensorProto.DataType.BOOL)
                .weight("first", 4)
                .constant(Models.longs("times", 2L))
                .node(
                    "If",
                    "flag",
                    "a",
                    Models.graph("then_branch", body(List.of(neg), List.of(), "h")),
                    Models.graph("else_branch", body(List.of(neg), List.of(), "h")))
                .node(
                    "If",
                    "flag",
                    "b",
                    Models.graph("then_branch", body(List.of(count), List.of(), "h")),
                    Models.graph("else_branch", body(List.of(count), List.of(), "h")))
                .node(
                    "Scan",
                    "first x",
                    "c d",
                    Models.integer("num_scan_inputs", 1),
                    Models.graph("body", step))
                .node("Loop", "times flag x", "e f", Models.graph("body", turn))
                .output("a", "b", "c", "d", "e", "f"));
    assertThat(List.of("a", "c", "d", "e")).allMatch(types::isFloat);
    assertThat(List.of("b", "f")).noneMatch(types::mayBeFloat);
  }

  @Test
  void nothingIsSaidOfWhatNothingTells() {
    Models models = Models.opset(17).input("x", 3, 4);
    models.graph.addNode(
        NodeProto.newBuilder()
            .setDomain("com.microsoft")
            .setOpType("NobodyKnows")
            .addInput("x")
            .addOutput("odd"));
    models.model.addOpsetImport(Models.opset("com.microsoft", 1));
    TensorTypes types = types(models.node("Identity", "odd", "y").output("y"));
    assertThat(types.isFloat("y")).isFalse();
    assertThat(types.mayBeFloat("y")).isTrue();
  }
}
