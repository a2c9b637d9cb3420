package dev.tare.engine.onnx.view;

import dev.tare.engine.graph.AttentionResult;
import dev.tare.engine.onnx.graph.Constants;
import dev.tare.engine.onnx.graph.Nodes;
import dev.tare.engine.onnx.proto.GraphProto;
import dev.tare.engine.onnx.proto.NodeProto;
import dev.tare.engine.onnx.proto.ValueInfoProto;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/**
 * Finds attention of several heads as exporters write it:
 *
 * <pre>
 * values [.., C] -> Reshape [b, s, H, D] -> Transpose [b, H, s, D] -> MatMul behind weights
 *     -> Transpose [b, t, H, D] -> Reshape [.., C]
 * </pre>
 *
 * <p>Both Reshapes keep the order of elements, so where H and D are constants and H * D is C,
 * channel {@code h * D + d} goes in and comes out, whatever the other axes are. That the last axis
 * of the result has C channels is for who multiplies it by a matrix to say.
 */
final class AttentionResults {

  private static final List<Long> HEADS_FIRST = List.of(0L, 2L, 1L, 3L);
  private static final long LAST = 3;
  private static final int VALUES = 1;

  private final GraphProto graph;
  private final Constants constants;
  private final List<String> names;
  private final boolean lastByDefault;
  private final Map<String, Integer> makers = new HashMap<>();
  private final Map<String, List<NodeProto>> readers = new HashMap<>();
  private final Set<String> outputs = new HashSet<>();

  /**
   * @param names unique names of the nodes
   */
  AttentionResults(GraphProto graph, Constants constants, List<String> names, int opset) {
    this.graph = graph;
    this.constants = constants;
    this.names = names;
    this.lastByDefault = opset >= 13;
    for (int i = 0; i < graph.getNodeCount(); i++) {
      NodeProto node = graph.getNode(i);
      for (String output : node.getOutputList()) {
        makers.put(output, i);
      }
      Nodes.reads(node)
          .forEach(tensor -> readers.computeIfAbsent(tensor, t -> new ArrayList<>()).add(node));
    }
    graph.getOutputList().stream().map(ValueInfoProto::getName).forEach(outputs::add);
  }

  /** The results, by name. */
  Map<String, AttentionResult> all() {
    Map<String, AttentionResult> all = new TreeMap<>();
    for (int i = 0; i < graph.getNodeCount(); i++) {
      if (Nodes.is(graph.getNode(i), "Reshape")) {
        behind(i).ifPresent(found -> all.put(found.tensor(), found));
      }
    }
    return all;
  }

  private Optional<AttentionResult> behind(int reshape) {
    List<Integer> path = new ArrayList<>(List.of(reshape));
    String[] operators = {"Transpose", "MatMul", "Transpose", "Reshape"};
    for (String operator : operators) {
      int reader = path.get(path.size() - 1);
      String read = data(reader);
      int maker = makers.getOrDefault(read, -1);
      if (maker < 0 || !Nodes.is(graph.getNode(maker), operator) || !readOnce(read)) {
        return Optional.empty();
      }
      path.add(maker);
    }
    NodeProto joined = graph.getNode(path.get(1));
    NodeProto product = graph.getNode(path.get(2));
    NodeProto parted = graph.getNode(path.get(3));
    Optional<Long> channels = channels(Nodes.input(graph.getNode(path.get(4)), 1));
    boolean apart = !Nodes.input(product, 0).equals(Nodes.input(product, VALUES));
    if (!swaps(joined) || !swaps(parted) || channels.isEmpty() || !apart) {
      return Optional.empty();
    }
    return Optional.of(
        new AttentionResult(
            graph.getNode(reshape).getOutput(0),
            path.stream().map(names::get).toList(),
            data(path.get(4)),
            channels.get(),
            sumsToOne(Nodes.input(product, 0))));
  }

  private String data(int node) {
    return Nodes.input(graph.getNode(node), Nodes.is(graph.getNode(node), "MatMul") ? VALUES : 0);
  }

  /** Whether one node reads the values of a tensor, others at most its shape. */
  private boolean readOnce(String tensor) {
    return !outputs.contains(tensor)
        && readers.getOrDefault(tensor, List.of()).stream()
                .filter(node -> !Nodes.is(node, "Shape"))
                .count()
            == 1;
  }

  private static boolean swaps(NodeProto transpose) {
    return Nodes.attribute(transpose, "perm")
        .filter(perm -> perm.getIntsList().equals(HEADS_FIRST))
        .isPresent();
  }

  /** The product of the last two sizes that a Reshape to four axes asks for. */
  private Optional<Long> channels(String shape) {
    List<Long> last = new ArrayList<>(constants.longs(shape).orElse(List.of()));
    int maker = makers.getOrDefault(shape, -1);
    if (last.isEmpty() && maker >= 0 && Nodes.is(graph.getNode(maker), "Concat")) {
      List<String> parts = graph.getNode(maker).getInputList();
      for (int i = parts.size() - 1; i >= 0 && last.size() < 2; i--) {
        Optional<List<Long>> sizes = constants.longs(parts.get(i));
        if (sizes.isEmpty()) {
          return Optional.empty();
        }
        last.addAll(0, sizes.get());
      }
    }
    if (last.size() < 2) {
      return Optional.empty();
    }
    long heads = last.get(last.size() - 2);
    long each = last.get(last.size() - 1);
    return heads > 0 && each > 0 ? Optional.of(heads * each) : Optional.empty();
  }

  private boolean sumsToOne(String weights) {
    int maker = makers.getOrDefault(weights, -1);
    if (maker < 0 || !Nodes.is(graph.getNode(maker), "Softmax")) {
      return false;
    }
    long axis = Nodes.intAttribute(graph.getNode(maker), "axis", lastByDefault ? -1 : 1);
    return axis == -1 || axis == LAST;
  }
}
