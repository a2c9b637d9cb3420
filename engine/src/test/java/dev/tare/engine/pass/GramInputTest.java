package dev.tare.engine.pass;

import static dev.tare.testkit.Models.integer;
import static dev.tare.testkit.Models.ints;
import static dev.tare.testkit.Models.text;
import static org.assertj.core.api.Assertions.assertThat;

import dev.tare.engine.graph.QuantizableNode;
import dev.tare.engine.onnx.OnnxModel;
import dev.tare.engine.onnx.view.OnnxGraph;
import dev.tare.testkit.Models;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class GramInputTest {

  private static final OnnxModel MODEL =
      Models.opset(13)
          .input("x", "batch", 4, 9, 9)
          .weight("w1", 4, 4, 3, 3)
          .weight("w2", 4, 1, 3, 3)
          .weight("w3", 4, 2, 3, 3)
          .weight("w4", 4, 4, 1, 1)
          .weight("w5", 4, 4, 2, 2)
          .weight("w6", 300, 4, 1, 1)
          .weight("w7", 2, 300, 3, 3)
          .weight("w8", 9, 5)
          .node(
              "Conv",
              "patches",
              List.of("x", "w1"),
              "a",
              ints("strides", 2L, 1L),
              ints("pads", 1L, 0L, 1L, 2L),
              ints("dilations", 1L, 2L))
          .node("Conv", "depthwise", List.of("x", "w2"), "b", integer("group", 4))
          .node("Conv", "grouped", List.of("x", "w3"), "c", integer("group", 2))
          .node("Conv", "points", List.of("x", "w4"), "d")
          .node("Conv", "same", List.of("x", "w1"), "e", text("auto_pad", "SAME_UPPER"))
          .node("ConvTranspose", "back", List.of("d", "w5"), "f")
          .node("Conv", "wide", List.of("x", "w6"), "g")
          .node("Conv", "large", List.of("g", "w7"), "h")
          .node("MatMul", "rows", List.of("x", "w8"), "y")
          .output("y")
          .build();

  private static final OnnxGraph GRAPH = OnnxGraph.of(MODEL);
  private static final GramInput.Finder FINDER = new GramInput.Finder(GRAPH);

  @Test
  void productsAndConvolutionsWithoutGroupsHaveMatrices() {
    Map<String, String> matrices = new TreeMap<>();
    for (QuantizableNode node : GRAPH.nodes()) {
      FINDER.of(node, node.input()).ifPresent(input -> matrices.put(node.node(), input.matrix()));
    }
    assertThat(matrices)
        .containsExactly(
            Map.entry("patches", "x[3x3 strides 2x1 dilations 1x2 pads 1x0x1x2]"),
            Map.entry("points", "x"),
            Map.entry("same", "x[3x3 same-upper]"),
            Map.entry("wide", "x"));
  }

  @Test
  void theOthersHaveAReason() {
    Map<String, String> reasons = new TreeMap<>();
    for (QuantizableNode node : GRAPH.nodes()) {
      FINDER.reason(node).ifPresent(reason -> reasons.put(node.node(), reason));
    }
    assertThat(reasons)
        .containsExactly(
            Map.entry("back", "there is no Gram matrix for ConvTranspose"),
            Map.entry(
                "depthwise",
                "depthwise convolutions read one channel each, which have no products"),
            Map.entry("grouped", "there is no Gram matrix for convolutions with groups"),
            Map.entry("large", "its patches have 2700 values, more than 2304"),
            Map.entry("rows", "MatMul does not sum over the last axis of a matrix"));
  }
}
