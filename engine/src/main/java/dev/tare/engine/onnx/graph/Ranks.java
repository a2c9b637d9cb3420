package dev.tare.engine.onnx.graph;

import dev.tare.engine.onnx.proto.GraphProto;
import dev.tare.engine.onnx.proto.NodeProto;
import dev.tare.engine.onnx.proto.ValueInfoProto;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;

/**
 * Ranks of a graph's tensors as far as they follow from declarations and common operators, by the
 * shape rules of opset 12.
 */
public final class Ranks {

  private static final Set<String> SAME =
      Set.of(
          "Relu",
          "Sigmoid",
          "Tanh",
          "Erf",
          "Sqrt",
          "Exp",
          "Log",
          "Neg",
          "Abs",
          "Cast",
          "Clip",
          "LeakyRelu",
          "Elu",
          "Softplus",
          "Identity",
          "Dropout",
          "BatchNormalization",
          "Softmax",
          "LogSoftmax",
          "Conv",
          "MaxPool",
          "AveragePool",
          "GlobalAveragePool",
          "Slice",
          "Pad");
  private static final Set<String> BROADCAST =
      Set.of("Add", "Sub", "Mul", "Div", "Pow", "Where", "Max", "Min", "Equal", "Less", "Greater");

  private final Map<String, Integer> ranks = new HashMap<>();

  private Ranks() {}

  public static Ranks of(GraphProto graph, Constants constants) {
    Ranks ranks = new Ranks();
    for (List<ValueInfoProto> infos :
        List.of(graph.getValueInfoList(), graph.getInputList(), graph.getOutputList())) {
      for (ValueInfoProto info : infos) {
        if (info.getType().getTensorType().hasShape()) {
          int rank = info.getType().getTensorType().getShape().getDimCount();
          ranks.ranks.put(info.getName(), rank);
        }
      }
    }
    graph.getInitializerList().forEach(t -> ranks.ranks.put(t.getName(), t.getDimsCount()));
    for (NodeProto node : graph.getNodeList()) {
      if (Nodes.isStandard(node) && node.getOutputCount() > 0) {
        ranks
            .infer(node, constants)
            .ifPresent(rank -> ranks.ranks.putIfAbsent(node.getOutput(0), rank));
      }
    }
    return ranks;
  }

  public Optional<Integer> find(String tensor) {
    return Optional.ofNullable(ranks.get(tensor));
  }

  private OptionalInt infer(NodeProto node, Constants constants) {
    String op = node.getOpType();
    if (SAME.contains(op)) {
      return input(node, 0);
    }
    if (BROADCAST.contains(op)) {
      return broadcast(node);
    }
    return switch (op) {
      case "Constant" ->
          constants
              .find(node.getOutput(0))
              .map(t -> OptionalInt.of(t.getDimsCount()))
              .orElse(OptionalInt.empty());
      // A product with a vector loses a dimension.
      case "MatMul" ->
          input(node, 0).orElse(0) >= 2 && input(node, 1).orElse(0) >= 2
              ? broadcast(node)
              : OptionalInt.empty();
      case "Gemm", "Flatten" -> OptionalInt.of(2);
      case "Transpose" ->
          Nodes.attribute(node, "perm")
              .map(perm -> OptionalInt.of(perm.getIntsCount()))
              .orElse(input(node, 0));
      case "Unsqueeze" -> shifted(node, 1);
      case "Squeeze" -> shifted(node, -1);
      case "Reshape" ->
          constants
              .resolve(Nodes.input(node, 1))
              .flatMap(constants::find)
              .map(shape -> OptionalInt.of((int) TensorCodec.shape(shape).size()))
              .orElse(OptionalInt.empty());
      default -> OptionalInt.empty();
    };
  }

  private OptionalInt input(NodeProto node, int index) {
    Integer rank = ranks.get(Nodes.input(node, index));
    return rank == null ? OptionalInt.empty() : OptionalInt.of(rank);
  }

  private OptionalInt broadcast(NodeProto node) {
    int largest = 0;
    for (int i = 0; i < node.getInputCount(); i++) {
      OptionalInt rank = input(node, i);
      if (rank.isEmpty()) {
        return OptionalInt.empty();
      }
      largest = Math.max(largest, rank.getAsInt());
    }
    return OptionalInt.of(largest);
  }

  private OptionalInt shifted(NodeProto node, int sign) {
    OptionalInt rank = input(node, 0);
    int axes = Nodes.attribute(node, "axes").map(a -> a.getIntsCount()).orElse(0);
    return rank.isEmpty() || axes == 0
        ? OptionalInt.empty()
        : OptionalInt.of(rank.getAsInt() + sign * axes);
  }
}
