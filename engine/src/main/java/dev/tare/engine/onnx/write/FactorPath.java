package dev.tare.engine.onnx.write;

import dev.tare.engine.graph.QuantizableNode;
import dev.tare.engine.onnx.graph.Nodes;
import dev.tare.engine.onnx.proto.NodeProto;
import dev.tare.engine.plan.SmoothedInput;
import dev.tare.engine.tensor.Shape;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;

/** Has the nodes that compute an input compute it times the factors. */
final class FactorPath {

  /** Operators that give f times the result for f times the input, where f is positive. */
  private static final Set<String> HOMOGENEOUS =
      Set.of("Relu", "LeakyRelu", "MaxPool", "AveragePool", "GlobalAveragePool");

  private static final int BIAS = 2;

  private final RescaledNodes nodes;
  private final SmoothedInput input;
  private final Factors factors;
  private final String suffix;

  FactorPath(RescaledNodes nodes, SmoothedInput input, Factors factors) {
    this.nodes = nodes;
    this.input = input;
    this.factors = factors;
    this.suffix = RescaledNodes.suffix(input);
  }

  void change() {
    List<String> through = input.through();
    String tensor = input.tensor();
    String result = input.result();
    Set<String> readers = Set.copyOf(input.consumers());
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
        return;
      }
      require(nodes.readers(tensor).equals(readers), "others read '" + tensor + "' too");
      NodeProto node = nodes.at(index);
      nodes.write(index, result);
      String before = computed(through.get(i + 1));
      int at = node.getInputList().indexOf(before);
      require(at >= 0, "node '%s' does not read '%s'".formatted(name, before));
      if (node.getOpType().equals("Add")) {
        require(scaleConstant(index), "node '" + name + "' adds no constant of channels");
      } else {
        boolean passes =
            HOMOGENEOUS.contains(node.getOpType())
                || (node.getOpType().equals("Mul") && !node.getInput(1 - at).equals(before));
        require(Nodes.isStandard(node) && passes, "node '" + name + "' does not pass factors on");
      }
      tensor = before;
      result = nodes.names().fresh(before + suffix);
      nodes.read(index, at, result);
      readers = Set.of(name);
    }
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
    Optional<QuantizableNode> convolution =
        nodes.product(input.through().get(input.through().size() - 1));
    boolean inConstants =
        node.getOpType().equals("Conv")
            ? convolution.isPresent()
            : node.getOpType().equals("Mul") && Nodes.isStandard(node) && scaleConstant(index);
    if (!inConstants) {
      nodes.multiply(tensor, factors, result, index + 1);
      return;
    }
    require(nodes.readers(tensor).equals(readers), "others read '" + tensor + "' too");
    if (node.getOpType().equals("Conv")) {
      scale(index, convolution.orElseThrow());
    }
    nodes.write(index, result);
  }

  private void scale(int index, QuantizableNode convolution) {
    Shape shape = convolution.weightShape();
    int outputs = Math.toIntExact(shape.dim(0));
    int each = Math.toIntExact(shape.size() / Math.max(1, outputs));
    require(
        outputs == factors.count(),
        "%d factors for the results of weight '%s' of shape %s"
            .formatted(factors.count(), convolution.weight(), shape));
    NodeProto node = nodes.at(index);
    require(
        Nodes.input(node, BIAS).isEmpty() || convolution.bias().isPresent(),
        "the bias of node '" + node.getName() + "' is not constant");
    nodes.read(
        index,
        convolution.weightIndex(),
        nodes
            .constants()
            .change(
                index,
                convolution.weightIndex(),
                convolution.weight(),
                shape,
                suffix,
                (value, i) -> value * factors.of(i / each)));
    convolution
        .bias()
        .ifPresent(
            bias ->
                nodes.read(
                    index,
                    BIAS,
                    nodes
                        .constants()
                        .change(
                            index,
                            BIAS,
                            bias,
                            nodes.shape(bias),
                            suffix,
                            (value, i) -> value * factors.of(i))));
  }

  /** Multiplies the constant operand of a node with two; false if there is none that fits. */
  private boolean scaleConstant(int index) {
    NodeProto node = nodes.at(index);
    OptionalInt operand = OptionalInt.empty();
    for (int i = 0; i < node.getInputCount() && operand.isEmpty(); i++) {
      Optional<String> constant = nodes.constant(node.getInput(i));
      if (constant.isPresent() && factors.fit(nodes.shape(constant.get()))) {
        operand = OptionalInt.of(i);
      }
    }
    operand.ifPresent(
        i ->
            nodes.read(
                index,
                i,
                nodes
                    .constants()
                    .change(
                        index,
                        i,
                        nodes.constant(node.getInput(i)).orElseThrow(),
                        factors.shape(),
                        suffix,
                        (value, c) -> value * factors.of(c))));
    return operand.isPresent();
  }

  private void require(boolean condition, String otherwise) {
    RescaledNodes.require(condition, input, otherwise);
  }
}
