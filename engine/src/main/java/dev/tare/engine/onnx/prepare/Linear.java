package dev.tare.engine.onnx.prepare;

import dev.tare.engine.onnx.graph.Nodes;
import dev.tare.engine.onnx.proto.NodeProto;
import dev.tare.engine.tensor.Shape;
import dev.tare.engine.tensor.Tensor;
import java.util.Optional;

/**
 * A convolution or matrix product with a constant weight, whose output has its channels on axis 1.
 */
final class Linear {

  private final NodeProto node;
  private final String weightName;
  private final Tensor weight;
  private final int channels;
  private final int rank;
  private final Optional<double[]> bias;

  private Linear(
      NodeProto node,
      String weightName,
      Tensor weight,
      int channels,
      int rank,
      Optional<double[]> bias) {
    this.node = node;
    this.weightName = weightName;
    this.weight = weight;
    this.channels = channels;
    this.rank = rank;
    this.bias = bias;
  }

  /**
   * Reads a node; empty for other operators, weights that are not constant floats, and computed
   * biases.
   */
  static Optional<Linear> of(NodeProto node, ConstantOperands operands) {
    if (!Nodes.isStandard(node) || node.getOutputCount() != 1) {
      return Optional.empty();
    }
    Optional<String> name = operands.resolve(Nodes.input(node, 1));
    Optional<Tensor> weight = name.flatMap(operands::floats);
    if (weight.isEmpty() || weight.get().shape().size() == 0) {
      return Optional.empty();
    }
    Shape shape = weight.get().shape();
    boolean image = shape.rank() > 2;
    boolean matrix = shape.rank() == 2;
    long channels =
        switch (node.getOpType()) {
          case "Conv" -> image ? shape.dim(0) : 0;
          case "ConvTranspose" -> image ? shape.dim(1) * group(node) : 0;
          case "Gemm" -> matrix ? shape.dim(transposes(node) ? 0 : 1) : 0;
          case "MatMul" ->
              matrix && operands.rank(node.getOutput(0)).filter(r -> r == 2).isPresent()
                  ? shape.dim(1)
                  : 0;
          default -> 0;
        };
    if (channels == 0 || shape.dim(0) % group(node) != 0) {
      return Optional.empty();
    }
    int size = Math.toIntExact(channels);
    String third = Nodes.input(node, 2);
    if (third.isEmpty()) {
      return Optional.of(
          new Linear(node, name.get(), weight.get(), size, shape.rank(), Optional.empty()));
    }
    // A vector added to a Conv has one number per channel; added to a Gemm it is broadcast over
    // rows.
    int biasRank = node.getOpType().equals("Gemm") ? 2 : 1;
    double beta = Nodes.floatAttribute(node, "beta", 1f);
    Optional<double[]> bias =
        biasRank == 2
            ? operands.channelsBeside(third, 2, size).map(b -> scaled(b, beta))
            : operands.vector(third, size);
    return bias.map(b -> new Linear(node, name.get(), weight.get(), size, shape.rank(), bias));
  }

  private static double[] scaled(double[] values, double factor) {
    double[] scaled = values.clone();
    for (int i = 0; i < scaled.length; i++) {
      scaled[i] *= factor;
    }
    return scaled;
  }

  private static long group(NodeProto node) {
    return Nodes.intAttribute(node, "group", 1);
  }

  private static boolean transposes(NodeProto node) {
    return Nodes.intAttribute(node, "transB", 0) != 0;
  }

  String output() {
    return node.getOutput(0);
  }

  String weightName() {
    return weightName;
  }

  Shape weightShape() {
    return weight.shape();
  }

  boolean hasBiasInput() {
    return !node.getOpType().equals("MatMul");
  }

  int channels() {
    return channels;
  }

  /** Dimensions of the output. */
  int rank() {
    return rank;
  }

  /** Returns the output as factor and summand of the plain product with the weight. */
  ChannelAffine affine() {
    double alpha = node.getOpType().equals("Gemm") ? Nodes.floatAttribute(node, "alpha", 1f) : 1;
    ChannelAffine scale = ChannelAffine.scale(channels, alpha);
    return bias.map(b -> scale.then(ChannelAffine.shift(b))).orElse(scale);
  }

  /** Returns the weight with each output channel multiplied by its factor, computed in double. */
  float[] scaledWeight(double[] factors) {
    float[] values = weight.toFloatArray();
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) (values[i] * factors[channel(i)]);
    }
    return values;
  }

  private int channel(int index) {
    Shape shape = weight.shape();
    long first = shape.dim(0);
    long second = shape.dim(1);
    long behind = shape.stride(1);
    return switch (node.getOpType()) {
      case "Conv" -> (int) (index / shape.stride(0));
      case "ConvTranspose" -> {
        long in = index / shape.stride(0);
        yield (int) (in / (first / group(node)) * second + index / behind % second);
      }
      default -> (int) (transposes(node) ? index / second : index % second);
    };
  }

  /**
   * Returns the node with new constants and output; its alpha and beta are folded into the
   * constants.
   */
  NodeProto.Builder rewired(String newWeight, String newOutput) {
    NodeProto plain = Nodes.withoutAttribute(node, "alpha").build();
    return Nodes.withoutAttribute(plain, "beta").setInput(1, newWeight).setOutput(0, newOutput);
  }
}
