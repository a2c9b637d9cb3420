package dev.tare.engine.onnx.write;

import dev.tare.engine.graph.QuantizableNode;
import dev.tare.engine.onnx.graph.Nodes;
import dev.tare.engine.onnx.graph.TensorCodec;
import dev.tare.engine.onnx.proto.NodeProto;
import dev.tare.engine.plan.SmoothedInput;
import dev.tare.engine.tensor.Shape;
import java.util.List;
import java.util.Optional;
import java.util.function.IntUnaryOperator;

/** Multiplies the results of a node by factors, in its constants. */
final class ScaledResults {

  private static final int SCALE = 1;
  private static final int BIAS = 2;

  private final RescaledNodes nodes;
  private final SmoothedInput input;
  private final Factors factors;
  private final int index;
  private final String suffix;

  ScaledResults(RescaledNodes nodes, SmoothedInput input, Factors factors, int index) {
    this.nodes = nodes;
    this.input = input;
    this.factors = factors;
    this.index = index;
    this.suffix = RescaledNodes.suffix(input);
  }

  /** Those of a product by its weight and bias; false if it has no constant weight. */
  boolean product() {
    NodeProto node = nodes.at(index);
    Optional<QuantizableNode> found =
        nodes.product(node.getName()).filter(product -> product.weightIndex() == 1);
    if (found.isEmpty()) {
      return false;
    }
    QuantizableNode product = found.get();
    Shape shape = product.weightShape();
    int axis = product.weightAxis();
    RescaledNodes.require(
        shape.dim(axis) == factors.count(),
        input,
        "%d factors for the results of weight '%s' of shape %s"
            .formatted(factors.count(), product.weight(), shape));
    RescaledNodes.require(
        Nodes.input(node, BIAS).isEmpty() || product.bias().isPresent(),
        input,
        "the bias of node '" + node.getName() + "' is not constant");
    int stride = Math.toIntExact(shape.stride(axis));
    IntUnaryOperator result = i -> i / stride % factors.count();
    nodes.change(
        index,
        product.weightIndex(),
        product.weight(),
        shape,
        suffix,
        (value, i) -> value * factors.of(result.applyAsInt(i)));
    product.bias().ifPresent(this::bias);
    return true;
  }

  private void bias(String bias) {
    nodes.change(index, BIAS, bias, nodes.shape(bias), suffix, (value, i) -> value * factors.of(i));
  }

  /**
   * Those of a LayerNormalization by its scale and bias; false if these are no constants of the
   * channels.
   *
   * @param shifts whether the offsets are added too
   */
  boolean normalization(boolean shifts) {
    NodeProto node = nodes.at(index);
    Shape each = Shape.of(factors.count());
    Optional<String> scale =
        nodes.constant(index, SCALE).filter(name -> nodes.shape(name).equals(each));
    Optional<String> bias =
        nodes.constant(index, BIAS).filter(name -> nodes.shape(name).equals(each));
    if (scale.isEmpty() || (bias.isEmpty() && !Nodes.input(node, BIAS).isEmpty())) {
      return false;
    }
    nodes.change(index, SCALE, scale.get(), each, suffix, (value, i) -> value * factors.of(i));
    if (bias.isPresent()) {
      nodes.change(
          index,
          BIAS,
          bias.get(),
          each,
          suffix,
          (value, i) -> value * factors.of(i) + (shifts ? input.offsets().get(i) : 0));
    } else if (shifts) {
      float[] offsets = new float[factors.count()];
      for (int i = 0; i < offsets.length; i++) {
        offsets[i] = input.offsets().get(i);
      }
      String name = nodes.names().fresh(input.result() + "_offsets");
      nodes.append(
          index,
          BIAS,
          nodes.constants().add(TensorCodec.floats(name, List.of((long) offsets.length), offsets)));
    }
    return true;
  }
}
