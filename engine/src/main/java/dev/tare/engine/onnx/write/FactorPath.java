package dev.tare.engine.onnx.write;

import dev.tare.engine.graph.AttentionResult;
import dev.tare.engine.onnx.graph.Nodes;
import dev.tare.engine.onnx.proto.NodeProto;
import dev.tare.engine.plan.SmoothedInput;
import dev.tare.engine.tensor.Shape;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeSet;

/** Has the nodes that compute an input compute it times the factors, plus the offsets. */
final class FactorPath {

  /** Operators that give f times the result for f times the input, where f is positive. */
  private static final Set<String> HOMOGENEOUS =
      Set.of("Relu", "LeakyRelu", "MaxPool", "AveragePool", "GlobalAveragePool");

  /** Those that keep the last axis. */
  private static final Set<String> ELEMENTWISE = Set.of("Relu", "LeakyRelu");

  private final RescaledNodes nodes;
  private final SmoothedInput input;
  private final Factors factors;
  private final String suffix;

  /** Whether the offsets have not been added yet. */
  private boolean unshifted;

  FactorPath(RescaledNodes nodes, SmoothedInput input, Factors factors) {
    this.nodes = nodes;
    this.input = input;
    this.factors = factors;
    this.suffix = RescaledNodes.suffix(input);
    this.unshifted = !input.offsets().isEmpty();
  }

  void change() {
    List<String> through = input.through();
    String tensor = input.tensor();
    String result = input.result();
    Set<String> readers = Set.copyOf(input.consumers());
    Set<String> ofAttention = new HashSet<>();
    for (int i = 0; i < through.size(); i++) {
      String name = through.get(i);
      int index = nodes.index(name);
      require(
          index >= 0
              && nodes.at(index).getOutputCount() == 1
              && nodes.at(index).getOutput(0).equals(tensor),
          "node '%s' does not compute '%s'".formatted(name, tensor));
      if (i == through.size() - 1) {
        enter(index, tensor, result, readers);
        require(!unshifted, "no node on the way adds a constant of channels");
        return;
      }
      requireAlone(tensor, readers);
      attention(tensor, i).ifPresent(found -> ofAttention.addAll(found.nodes()));
      NodeProto node = nodes.at(index);
      nodes.rename(index, result);
      String before = computed(through.get(i + 1));
      int at = node.getInputList().indexOf(before);
      require(at >= 0, "node '%s' does not read '%s'".formatted(name, before));
      if (node.getOpType().equals("Add")) {
        require(scaleConstant(index, true), "node '" + name + "' adds no constant of channels");
      } else {
        boolean passes =
            ofAttention.contains(name)
                || (Nodes.isStandard(node) && (homogeneous(node) || multiplies(node, at)));
        require(passes, "node '" + name + "' does not pass factors on");
        require(
            !unshifted || ofAttention.contains(name),
            "node '" + name + "' does not pass offsets on");
      }
      tensor = before;
      result = nodes.names().fresh(before + suffix);
      nodes.read(index, at, result);
      readers = Set.of(name);
    }
  }

  private boolean homogeneous(NodeProto node) {
    return (input.axis() == 1 ? HOMOGENEOUS : ELEMENTWISE).contains(node.getOpType());
  }

  private static boolean multiplies(NodeProto node, int at) {
    return node.getOpType().equals("Mul") && !node.getInput(1 - at).equals(node.getInput(at));
  }

  /** Attention that computes a tensor, if the nodes from a place on are those of it. */
  private Optional<AttentionResult> attention(String tensor, int place) {
    if (input.axis() == 1) {
      return Optional.empty();
    }
    List<String> rest = input.through().subList(place, input.through().size() - 1);
    return Optional.ofNullable(nodes.attention().get(tensor))
        .filter(found -> found.channels() == factors.count())
        .filter(found -> found.averages() || !unshifted)
        .filter(found -> found.nodes().size() <= rest.size())
        .filter(found -> found.nodes().equals(rest.subList(0, found.nodes().size())));
  }

  private String computed(String name) {
    int index = nodes.index(name);
    require(
        index >= 0 && nodes.at(index).getOutputCount() == 1,
        "the model has no node '" + name + "' with one result");
    return nodes.at(index).getOutput(0);
  }

  /** Lets the factors enter at a node. */
  private void enter(int index, String tensor, String result, Set<String> readers) {
    NodeProto node = nodes.at(index);
    ScaledResults scaled = new ScaledResults(nodes, input, factors, index);
    boolean inConstants =
        switch (Nodes.isStandard(node) ? node.getOpType() : "") {
          case "Conv" -> input.axis() == 1 && scaled.product();
          case "MatMul", "Gemm" -> input.axis() != 1 && scaled.product();
          case "LayerNormalization" -> {
            boolean fits = input.axis() != 1 && scaled.normalization(unshifted);
            unshifted &= !fits;
            yield fits;
          }
          case "Mul" -> scaleConstant(index, false);
          default -> false;
        };
    if (!inConstants) {
      nodes.multiply(tensor, factors, result, index + 1);
      return;
    }
    requireAlone(tensor, readers);
    nodes.rename(index, result);
  }

  /**
   * Multiplies the constant operand of a node with two; false if there is none that fits.
   *
   * @param shifts whether offsets that are left are added to it
   */
  private boolean scaleConstant(int index, boolean shifts) {
    NodeProto node = nodes.at(index);
    OptionalInt operand = OptionalInt.empty();
    for (int i = 0; i < node.getInputCount() && operand.isEmpty(); i++) {
      Optional<String> constant = nodes.constant(index, i);
      if (constant.isPresent() && factors.fit(nodes.shape(constant.get()))) {
        operand = OptionalInt.of(i);
      }
    }
    boolean add = shifts && unshifted;
    operand.ifPresent(
        i -> {
          String constant = nodes.constant(index, i).orElseThrow();
          Shape shape = factors.shape();
          nodes.change(
              index,
              i,
              constant,
              shape,
              suffix,
              (value, c) -> value * factors.of(c) + (add ? input.offsets().get(c) : 0));
        });
    unshifted &= !(add && operand.isPresent());
    return operand.isPresent();
  }

  private void requireAlone(String tensor, Set<String> readers) {
    require(
        nodes.readOnce(tensor, readers),
        "others read '%s' too, or one of %s twice".formatted(tensor, new TreeSet<>(readers)));
  }

  private void require(boolean condition, String otherwise) {
    RescaledNodes.require(condition, input, otherwise);
  }
}
