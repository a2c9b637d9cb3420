package dev.tare.engine.onnx.write;

import dev.tare.engine.graph.QuantizableNode;
import dev.tare.engine.onnx.graph.Nodes;
import dev.tare.engine.onnx.proto.NodeProto;
import dev.tare.engine.plan.SmoothedInput;
import dev.tare.engine.tensor.Shape;
import java.nio.FloatBuffer;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Takes from the results of a product what offsets of its input add to them: {@code sum_j o_j / f_j
 * W_jn}, a constant for each result. It goes into the bias of a Gemm, into the constant of the Add
 * that alone reads a product without one, or else into an Add behind the product.
 */
final class ShiftedProduct {

  private static final String SUFFIX = "_shifted";
  private static final int BIAS = 2;

  private final RescaledNodes nodes;
  private final QuantizableNode product;
  private final SmoothedInput input;

  ShiftedProduct(RescaledNodes nodes, QuantizableNode product, SmoothedInput input) {
    this.nodes = nodes;
    this.product = product;
    this.input = input;
  }

  void correct() {
    int index = nodes.index(product.node());
    boolean gemm = product.opType().equals("Gemm");
    double alpha = gemm ? Nodes.floatAttribute(nodes.at(index), "alpha", 1f) : 1;
    double beta = gemm ? Nodes.floatAttribute(nodes.at(index), "beta", 1f) : 1;
    boolean biased = product.bias().isPresent() && beta != 0;
    double[] added = added(alpha / (biased ? beta : 1));
    if (biased) {
      nodes.read(index, BIAS, changed(index, BIAS, product.bias().get(), added));
      return;
    }
    if (intoAdd(index, added)) {
      return;
    }
    String result = nodes.at(index).getOutput(0);
    String own = nodes.names().fresh(result + SUFFIX);
    nodes.write(index, own);
    float[] values = new float[added.length];
    for (int n = 0; n < values.length; n++) {
      values[n] = (float) -added[n];
    }
    nodes.addBehind(index, own, values, result);
  }

  private double[] added(double scale) {
    FloatBuffer weight = nodes.values(product.weight());
    Shape shape = product.weightShape();
    int columns = Math.toIntExact(shape.dim(1));
    boolean across = product.blockAxis() == 1;
    double[] added = new double[Math.toIntExact(shape.dim(1 - product.blockAxis()))];
    for (int i = 0; weight.hasRemaining(); i++) {
      int channel = across ? i % columns : i / columns;
      int result = across ? i / columns : i % columns;
      double shift = (double) input.offsets().get(channel) / input.factors().get(channel);
      added[result] += scale * shift * weight.get();
    }
    return added;
  }

  /** Changes the constant of the Add that alone reads the product, if there is such a one. */
  private boolean intoAdd(int index, double[] added) {
    String result = nodes.at(index).getOutput(0);
    Set<String> readers = nodes.readers(result);
    int reader = readers.size() == 1 ? nodes.index(readers.iterator().next()) : -1;
    if (reader < 0 || !nodes.at(reader).getOpType().equals("Add")) {
      return false;
    }
    NodeProto add = nodes.at(reader);
    int operand = add.getInput(0).equals(result) ? 1 : 0;
    Optional<String> constant =
        nodes
            .constant(add.getInput(operand))
            .filter(name -> nodes.shape(name).dims().equals(List.of((long) added.length)));
    constant.ifPresent(name -> nodes.read(reader, operand, changed(reader, operand, name, added)));
    return constant.isPresent();
  }

  private String changed(int index, int operand, String constant, double[] added) {
    return nodes
        .constants()
        .change(
            index,
            operand,
            constant,
            nodes.shape(constant),
            SUFFIX,
            (value, n) -> value - added[n]);
  }
}
