package dev.tare.engine.onnx.prepare;

import dev.tare.engine.onnx.graph.FreshNames;
import dev.tare.engine.onnx.graph.NodeIndex;
import dev.tare.engine.onnx.graph.Nodes;
import dev.tare.engine.onnx.graph.TensorCodec;
import dev.tare.engine.onnx.proto.NodeProto;
import dev.tare.engine.onnx.proto.TensorProto;
import dev.tare.engine.onnx.view.Product;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * Folds per-channel operators after a product into its weight and bias, if they are the only
 * readers: chains of BatchNormalization, and of Mul, Div, Add and Sub with a constant.
 *
 * <p>A MatMul has no bias, so it takes part only if the chain has a BatchNormalization; what it
 * cannot absorb becomes one Add. Nothing is folded that would make a constant infinite or NaN.
 */
final class AffineFold {

  private final NodeIndex nodes;
  private final ConstantOperands operands;
  private final FreshNames names;
  private final List<TensorProto> added = new ArrayList<>();

  /** The chain after a product: its slots in order, what they compute, and its output. */
  private record Chain(
      List<Integer> slots, ChannelAffine affine, String output, boolean normalizes) {}

  AffineFold(NodeIndex nodes, ConstantOperands operands, FreshNames names) {
    this.nodes = nodes;
    this.operands = operands;
    this.names = names;
  }

  /** The constants that the folded nodes need. */
  List<TensorProto> fold() {
    for (int slot : nodes.slots()) {
      nodes
          .at(slot)
          .filter(node -> Product.OPERATORS.contains(node.getOpType()))
          .flatMap(node -> Linear.of(node, operands))
          .ifPresent(linear -> fold(slot, linear));
    }
    return List.copyOf(added);
  }

  private void fold(int slot, Linear linear) {
    Chain chain = chain(linear);
    if (chain.slots().isEmpty() || !(linear.hasBiasInput() || chain.normalizes())) {
      return;
    }
    ChannelAffine affine = chain.affine();
    float[] shift = affine.summands();
    float[] weight = affine.scales() ? linear.scaledWeight(affine.factors()) : new float[0];
    if (!finite(shift) || !finite(weight)) {
      return;
    }
    String weightName = linear.weightName();
    if (affine.scales()) {
      weightName = names.fresh(linear.weightName() + "_folded");
      added.add(TensorCodec.floats(weightName, linear.weightShape().dims(), weight));
    }
    String biasName = names.fresh(linear.weightName() + "_bias");
    added.add(TensorCodec.floats(biasName, List.of((long) shift.length), shift));
    int last = chain.slots().get(chain.slots().size() - 1);
    NodeProto end = nodes.at(last).orElseThrow();
    chain.slots().forEach(nodes::remove);
    if (linear.hasBiasInput()) {
      NodeProto.Builder node = linear.rewired(weightName, chain.output());
      nodes.replace(
          slot,
          node.getInputCount() > 2
              ? node.setInput(2, biasName).build()
              : node.addInput(biasName).build());
      return;
    }
    nodes.replace(slot, linear.rewired(weightName, linear.output()).build());
    nodes.insert(
        last,
        NodeProto.newBuilder()
            .setOpType("Add")
            .setName(end.getName())
            .addInput(linear.output())
            .addInput(biasName)
            .addOutput(chain.output())
            .build());
  }

  private static boolean finite(float[] values) {
    for (float value : values) {
      if (!Float.isFinite(value)) {
        return false;
      }
    }
    return true;
  }

  private Chain chain(Linear linear) {
    List<Integer> slots = new ArrayList<>();
    ChannelAffine total = linear.affine();
    String output = linear.output();
    boolean normalizes = false;
    while (true) {
      OptionalInt reader = nodes.soleReader(output);
      if (reader.isEmpty()) {
        break;
      }
      NodeProto node = nodes.at(reader.getAsInt()).orElseThrow();
      Optional<ChannelAffine> step = step(node, output, linear).map(total::then);
      if (step.filter(ChannelAffine::isFinite).isEmpty()) {
        break;
      }
      total = step.get();
      slots.add(reader.getAsInt());
      output = node.getOutput(0);
      normalizes |= node.getOpType().equals("BatchNormalization");
    }
    return new Chain(slots, total, output, normalizes);
  }

  private Optional<ChannelAffine> step(NodeProto node, String x, Linear linear) {
    return switch (node.getOpType()) {
      case "BatchNormalization" -> normalization(node, x, linear.channels());
      case "Mul" -> other(node, x, linear).map(ChannelAffine::scale);
      case "Add" -> other(node, x, linear).map(ChannelAffine::shift);
      case "Div" ->
          Nodes.input(node, 0).equals(x)
              ? other(node, x, linear).map(AffineFold::inverse).map(ChannelAffine::scale)
              : Optional.empty();
      case "Sub" -> {
        Optional<double[]> constant = other(node, x, linear);
        yield Nodes.input(node, 0).equals(x)
            ? constant.map(AffineFold::negative).map(ChannelAffine::shift)
            : constant.map(c -> ChannelAffine.scale(c.length, -1).then(ChannelAffine.shift(c)));
      }
      default -> Optional.empty();
    };
  }

  /** Returns the other operand of {@code x}, if it is a constant per channel. */
  private Optional<double[]> other(NodeProto node, String x, Linear linear) {
    if (node.getInputCount() != 2) {
      return Optional.empty();
    }
    String operand = node.getInput(node.getInput(0).equals(x) ? 1 : 0);
    return operands.channelsBeside(operand, linear.rank(), linear.channels());
  }

  private static double[] inverse(double[] values) {
    return Arrays.stream(values).map(v -> 1 / v).toArray();
  }

  private static double[] negative(double[] values) {
    return Arrays.stream(values).map(v -> -v).toArray();
  }

  /** {@code gamma * (x - mean) / sqrt(variance + epsilon) + beta}, only with fixed statistics. */
  private Optional<ChannelAffine> normalization(NodeProto node, String x, int channels) {
    if (!Nodes.input(node, 0).equals(x)
        || Nodes.intAttribute(node, "training_mode", 0) != 0
        || Nodes.intAttribute(node, "spatial", 1) == 0) {
      return Optional.empty();
    }
    List<double[]> vectors = new ArrayList<>();
    for (int i = 1; i <= 4; i++) {
      operands.vector(Nodes.input(node, i), channels).ifPresent(vectors::add);
    }
    if (vectors.size() < 4) {
      return Optional.empty();
    }
    double epsilon = Nodes.floatAttribute(node, "epsilon", 1e-5f);
    double[] scale = new double[channels];
    double[] shift = new double[channels];
    for (int c = 0; c < channels; c++) {
      scale[c] = vectors.get(0)[c] / Math.sqrt(vectors.get(3)[c] + epsilon);
      shift[c] = vectors.get(1)[c] - vectors.get(2)[c] * scale[c];
    }
    return Optional.of(ChannelAffine.of(scale, shift));
  }
}
