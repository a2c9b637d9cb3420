package dev.tare.engine.onnx.prepare;

import dev.tare.engine.onnx.graph.Nodes;
import dev.tare.engine.onnx.graph.TensorTypes;
import dev.tare.engine.onnx.proto.GraphProto;
import dev.tare.engine.onnx.proto.NodeProto;
import dev.tare.engine.onnx.proto.ValueInfoProto;
import dev.tare.engine.tensor.DType;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Removes casts of float32 to float32 from the main graph: their readers get the tensor that was
 * cast. Those that compute an output of the graph, or that a body reads, stay.
 */
final class IdleCasts {

  private IdleCasts() {}

  static GraphProto removed(GraphProto graph) {
    TensorTypes types = TensorTypes.of(graph);
    Set<String> kept =
        graph.getOutputList().stream()
            .map(ValueInfoProto::getName)
            .collect(Collectors.toCollection(HashSet::new));
    graph.getNodeList().stream()
        .flatMap(node -> Nodes.subgraphs(node).stream())
        .forEach(body -> kept.addAll(Nodes.captured(body)));
    Map<String, String> sources = new HashMap<>();
    GraphProto.Builder rest = graph.toBuilder().clearNode();
    for (NodeProto node : graph.getNodeList()) {
      if (isIdle(node, types) && !kept.contains(node.getOutput(0))) {
        sources.put(node.getOutput(0), node.getInput(0));
      } else {
        rest.addNode(node);
      }
    }
    if (sources.isEmpty()) {
      return graph;
    }
    for (NodeProto.Builder node : rest.getNodeBuilderList()) {
      for (int i = 0; i < node.getInputCount(); i++) {
        String source = node.getInput(i);
        while (sources.containsKey(source)) {
          source = sources.get(source);
        }
        node.setInput(i, source);
      }
    }
    GraphPreparation.dropStaleDeclarations(rest);
    return rest.build();
  }

  private static boolean isIdle(NodeProto node, TensorTypes types) {
    return Nodes.is(node, "Cast")
        && Nodes.intAttribute(node, "to", 0) == DType.FLOAT32.onnxCode()
        && types.isFloat(Nodes.input(node, 0));
  }
}
