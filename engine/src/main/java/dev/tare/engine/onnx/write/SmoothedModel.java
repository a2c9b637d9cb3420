package dev.tare.engine.onnx.write;

import dev.tare.engine.graph.QuantizableNode;
import dev.tare.engine.onnx.OnnxModel;
import dev.tare.engine.onnx.graph.DeadConstants;
import dev.tare.engine.onnx.graph.TensorCodec;
import dev.tare.engine.onnx.opset.OpsetUpgrade;
import dev.tare.engine.onnx.prepare.GraphPreparation;
import dev.tare.engine.onnx.proto.GraphProto;
import dev.tare.engine.onnx.proto.TensorProto;
import dev.tare.engine.plan.SmoothedInput;
import dev.tare.engine.tensor.Shape;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.IntUnaryOperator;

/**
 * The float model with rescaled inputs: factors in a Mul before the products that read one, or in
 * the nodes that compute it, and weights whose rows are divided by them. Offsets are in an Add
 * behind that Mul, or in a constant that such a node adds, and what they add to products is taken
 * from the bias that follows, or by an Add.
 *
 * <p>Products and quotients are computed in double and rounded once. A weight {@code w} becomes the
 * initializer {@code w_smoothed}, or {@code w_equalized} where channels are along axis 1, and so do
 * other constants and tensors; the factors of a result {@code t} are {@code t_factors}; a taken
 * name gets {@code _1}, {@code _2}. Constants that nothing reads any more are removed. Nodes keep
 * the names of {@link OnnxModel#nodeNames}, written into the model.
 */
public final class SmoothedModel {

  private final RescaledNodes nodes;

  private SmoothedModel(OnnxModel model) {
    this.nodes = new RescaledNodes(model);
  }

  /**
   * Creates the model. Equal arguments give equal bytes.
   *
   * @throws IllegalArgumentException if the model has no such tensors and products, a name is
   *     taken, numbers of channels differ, or factors cannot enter where they should
   */
  public static OnnxModel of(OnnxModel model, List<SmoothedInput> inputs) {
    SmoothedModel smoothed = new SmoothedModel(model);
    smoothed.inOrder(inputs).forEach(smoothed::insert);
    List<TensorProto> initializers = smoothed.nodes.constants().initializers();
    GraphProto.Builder rewritten =
        new DeadConstants(model.graph(), smoothed.nodes.inOrder())
            .removed().toBuilder().addAllInitializer(initializers);
    if (model.irVersion() <= OpsetUpgrade.IR_WITH_INITIALIZERS_AS_INPUTS) {
      initializers.forEach(tensor -> rewritten.addInput(TensorCodec.declaration(tensor)));
    }
    if (inputs.stream().anyMatch(input -> !input.through().isEmpty())) {
      GraphPreparation.dropStaleDeclarations(rewritten);
    }
    return model.with(model.proto().toBuilder().setGraph(rewritten).build());
  }

  /**
   * Those last whose factors enter matrices, in graph order: what an input's offsets add to its
   * products is taken from biases before these are multiplied by the factors of another.
   */
  private List<SmoothedInput> inOrder(List<SmoothedInput> inputs) {
    return inputs.stream()
        .sorted(
            Comparator.comparingInt(
                input ->
                    input.axis() == 1 || input.through().isEmpty()
                        ? -1
                        : nodes.index(input.consumers().get(0))))
        .toList();
  }

  private void insert(SmoothedInput input) {
    RescaledNodes.require(
        nodes.names().fresh(input.result()).equals(input.result()), input, "that name is taken");
    float[] factors = new float[input.factors().size()];
    for (int j = 0; j < factors.length; j++) {
      factors[j] = input.factors().get(j);
    }
    Map<String, QuantizableNode> readers = new HashMap<>();
    int first = Integer.MAX_VALUE;
    for (String consumer : input.consumers()) {
      Optional<QuantizableNode> product =
          nodes.product(consumer).filter(node -> multiplies(node, input));
      RescaledNodes.require(
          product.isPresent(),
          input,
          "node '%s' does not multiply it by a %s"
              .formatted(consumer, input.axis() == 1 ? "kernel" : "matrix"));
      divide(product.get(), readers, input, factors);
      first = Math.min(first, nodes.index(consumer));
      if (!input.offsets().isEmpty()) {
        new ShiftedProduct(nodes, product.get(), input).correct();
      }
    }
    long rank = readers.values().iterator().next().weightShape().rank();
    Factors values = new Factors(factors, input.axis() == 1 ? (int) rank - 2 : 0);
    if (!input.through().isEmpty()) {
      new FactorPath(nodes, input, values).change();
    } else if (!input.offsets().isEmpty()) {
      String multiplied = nodes.names().fresh(input.result() + "_unshifted");
      nodes.multiply(input.tensor(), values, multiplied, first);
      float[] offsets = new float[factors.length];
      for (int j = 0; j < offsets.length; j++) {
        offsets[j] = input.offsets().get(j);
      }
      nodes.add(multiplied, offsets, input.result(), first);
    } else {
      nodes.multiply(input.tensor(), values, input.result(), first);
    }
  }

  private static boolean multiplies(QuantizableNode node, SmoothedInput input) {
    boolean form =
        input.axis() == 1 ? node.opType().equals("Conv") : node.weightShape().rank() == 2;
    return form && node.input().equals(input.tensor()) && node.inputIndex() == 0;
  }

  /**
   * Divides the rows of a product's weight, and has it read the result.
   *
   * @param readers by the weight that they read, those that were seen
   */
  private void divide(
      QuantizableNode product,
      Map<String, QuantizableNode> readers,
      SmoothedInput input,
      float[] factors) {
    Shape shape = product.weightShape();
    long channels =
        input.axis() == 1 ? shape.dim(1) * product.groups() : shape.dim(product.blockAxis());
    RescaledNodes.require(
        channels == factors.length,
        input,
        "%d factors for weight '%s' of shape %s"
            .formatted(factors.length, product.weight(), shape));
    int index = nodes.index(product.node());
    String key = product.groups() + " " + product.weight();
    QuantizableNode other = readers.putIfAbsent(key, product);
    IntUnaryOperator channel = input.axis() == 1 ? ofKernel(product) : ofMatrix(product);
    String weight =
        Optional.ofNullable(other)
            .flatMap(
                same ->
                    nodes
                        .constants()
                        .share(
                            index,
                            product.weightIndex(),
                            nodes.index(same.node()),
                            same.weightIndex()))
            .orElseGet(
                () ->
                    nodes
                        .constants()
                        .change(
                            index,
                            product.weightIndex(),
                            product.weight(),
                            shape,
                            RescaledNodes.suffix(input),
                            (value, i) -> value / factors[channel.applyAsInt(i)]));
    nodes.read(index, product.inputIndex(), input.result());
    nodes.read(index, product.weightIndex(), weight);
  }

  private static IntUnaryOperator ofMatrix(QuantizableNode product) {
    int columns = Math.toIntExact(product.weightShape().dim(1));
    return product.blockAxis() == 1 ? i -> i % columns : i -> i / columns;
  }

  /** The input channel of each element of a kernel {@code [outputs, inputs / groups, ...]}. */
  static IntUnaryOperator ofKernel(QuantizableNode product) {
    Shape shape = product.weightShape();
    int perGroup = Math.toIntExact(shape.dim(1));
    int taps = Math.toIntExact(shape.size() / Math.max(1, shape.dim(0) * perGroup));
    int results = Math.toIntExact(shape.dim(0) / product.groups());
    return i -> i / (perGroup * taps) / results * perGroup + i / taps % perGroup;
  }
}
