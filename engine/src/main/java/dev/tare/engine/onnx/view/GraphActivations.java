package dev.tare.engine.onnx.view;

import dev.tare.engine.graph.Activations;
import dev.tare.engine.onnx.graph.Constants;
import dev.tare.engine.onnx.graph.Nodes;
import dev.tare.engine.onnx.graph.Ranks;
import dev.tare.engine.onnx.graph.TensorTypes;
import dev.tare.engine.onnx.proto.GraphProto;
import dev.tare.engine.onnx.proto.NodeProto;
import java.util.HashMap;
import java.util.Map;
import java.util.NavigableSet;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * Which tensors of a graph can be observed. Nothing inside a subgraph can; the channel axis is the
 * one that the first MatMul, Gemm, Conv or ConvTranspose in graph order sums over; of a tensor that
 * none reads, the output channels of the one that makes it.
 */
final class GraphActivations {

  private GraphActivations() {}

  static Activations of(GraphProto graph, Constants constants) {
    TensorTypes types = TensorTypes.of(graph);
    NavigableSet<String> all = GraphTopology.computed(graph, constants);
    all.removeIf(name -> name.isEmpty() || !types.mayBeFloat(name));
    return new Activations(all, operands(graph, all), channelAxes(graph, constants));
  }

  private static Set<String> operands(GraphProto graph, Set<String> all) {
    Set<String> operands = new TreeSet<>();
    for (NodeProto node : graph.getNodeList()) {
      if (isProduct(node)) {
        operands.add(Nodes.input(node, 0));
        operands.add(Nodes.input(node, 1));
      }
    }
    operands.retainAll(all);
    return operands;
  }

  private static boolean isProduct(NodeProto node) {
    return Nodes.isStandard(node) && Product.OPERATORS.contains(node.getOpType());
  }

  private static Map<String, Integer> channelAxes(GraphProto graph, Constants constants) {
    Map<String, Integer> read = new HashMap<>();
    Map<String, Integer> made = new HashMap<>();
    Ranks ranks = Ranks.of(graph, constants);
    for (NodeProto node : graph.getNodeList()) {
      if (!isProduct(node) || node.getOutputCount() == 0) {
        continue;
      }
      switch (node.getOpType()) {
        case "Conv", "ConvTranspose" -> {
          read.putIfAbsent(Nodes.input(node, 0), 1);
          made.put(node.getOutput(0), 1);
        }
        case "Gemm" -> {
          boolean transA = Nodes.intAttribute(node, "transA", 0) != 0;
          boolean transB = Nodes.intAttribute(node, "transB", 0) != 0;
          read.putIfAbsent(Nodes.input(node, 0), transA ? 0 : -1);
          read.putIfAbsent(Nodes.input(node, 1), transB ? -1 : 0);
          made.put(node.getOutput(0), -1);
        }
        default -> {
          read.putIfAbsent(Nodes.input(node, 0), -1);
          // A product with a vector has only the axes of the rows, including the batch.
          if (!ranks.find(Nodes.input(node, 1)).equals(Optional.of(1))) {
            read.putIfAbsent(Nodes.input(node, 1), -2);
            made.put(node.getOutput(0), -1);
          }
        }
      }
    }
    made.forEach(read::putIfAbsent);
    return read;
  }
}
