package dev.tare.engine.onnx.prepare;

import dev.tare.engine.onnx.graph.FreshNames;
import dev.tare.engine.onnx.graph.NodeIndex;
import dev.tare.engine.onnx.graph.Nodes;
import dev.tare.engine.onnx.proto.NodeProto;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;

/**
 * Replaces {@code min(max(x + 3, 0), 6) / 6} by one HardSigmoid, and a hard swish by HardSigmoid
 * and Mul, whichever of its factors the exporter divided by 6.
 *
 * <p>Howard et al., Searching for MobileNetV3 (2019), section 5.2.
 */
final class HardSigmoidFusion {

  private static final float ALPHA = 1f / 6;
  private static final float BETA = .5f;

  /** Maximum relative difference of an exporter's 1/6 from ours. */
  private static final double ROUNDING = 1e-6;

  private final NodeIndex nodes;
  private final ConstantOperands operands;
  private final FreshNames names;
  private final Clamps clamps;

  /** {@code min(max(x + 3, 0), 6)}: its input, and the slots of its nodes, the last first. */
  private record Ramp(String x, List<Integer> slots) {}

  /** A tensor times a number, and the slot of the node. */
  private record Scaled(String x, double factor) {}

  HardSigmoidFusion(NodeIndex nodes, ConstantOperands operands, FreshNames names) {
    this.nodes = nodes;
    this.operands = operands;
    this.names = names;
    this.clamps = new Clamps(operands);
  }

  void fuse() {
    for (int slot : nodes.slots()) {
      nodes.at(slot).ifPresent(node -> fuse(slot, node));
    }
  }

  private void fuse(int slot, NodeProto node) {
    Optional<String> sixfold = sixth(node);
    if (sixfold.isPresent()) {
      gate(slot, node, sixfold.get());
    } else if (Nodes.is(node, "Mul") && node.getInputCount() == 2) {
      scaledFactor(slot, node);
    }
  }

  /** A ramp, or a tensor times its own ramp, divided by 6. */
  private void gate(int slot, NodeProto node, String sixfold) {
    Optional<Ramp> ramp = ramp(sixfold);
    if (ramp.isPresent()) {
      ramp.get().slots().forEach(nodes::remove);
      String output = node.getOutput(0);
      nodes.replace(
          slot, hardSigmoid(names.fresh(output + "_HardSigmoid"), ramp.get().x(), output));
      return;
    }
    OptionalInt product = nodes.maker(sixfold);
    if (product.isEmpty() || nodes.soleReader(sixfold).isEmpty()) {
      return;
    }
    NodeProto mul = nodes.at(product.getAsInt()).orElseThrow();
    if (!Nodes.is(mul, "Mul") || mul.getInputCount() != 2) {
      return;
    }
    for (int side = 0; side < 2; side++) {
      String x = mul.getInput(side);
      Optional<Ramp> other = ramp(mul.getInput(1 - side)).filter(r -> r.x().equals(x));
      if (other.isPresent()) {
        other.get().slots().forEach(nodes::remove);
        swish(product.getAsInt(), slot, mul, x, node.getOutput(0));
        return;
      }
    }
  }

  /** A tensor divided by 6, times its own ramp. */
  private void scaledFactor(int slot, NodeProto mul) {
    for (int side = 0; side < 2; side++) {
      String scaled = mul.getInput(side);
      OptionalInt maker = nodes.maker(scaled);
      if (maker.isEmpty() || nodes.soleReader(scaled).isEmpty()) {
        continue;
      }
      Optional<String> x = nodes.at(maker.getAsInt()).flatMap(this::sixth);
      Optional<Ramp> ramp = ramp(mul.getInput(1 - side)).filter(r -> x.equals(Optional.of(r.x())));
      if (ramp.isPresent()) {
        nodes.remove(maker.getAsInt());
        int last = ramp.get().slots().get(0);
        ramp.get().slots().stream().skip(1).forEach(nodes::remove);
        swish(last, slot, mul, x.orElseThrow(), mul.getOutput(0));
        return;
      }
    }
  }

  private void swish(int gateSlot, int mulSlot, NodeProto mul, String x, String output) {
    String gate = names.fresh(output + "_HardSigmoid");
    nodes.replace(gateSlot, hardSigmoid(gate, x, gate));
    NodeProto.Builder product = mul.toBuilder().clearInput().clearOutput();
    nodes.replace(mulSlot, product.addInput(x).addInput(gate).addOutput(output).build());
  }

  private static NodeProto hardSigmoid(String name, String x, String output) {
    return NodeProto.newBuilder()
        .setOpType("HardSigmoid")
        .setName(name)
        .addInput(x)
        .addOutput(output)
        .addAttribute(Nodes.floatAttribute("alpha", ALPHA))
        .addAttribute(Nodes.floatAttribute("beta", BETA))
        .build();
  }

  /** Returns the tensor that a node divides by 6. */
  private Optional<String> sixth(NodeProto node) {
    return scaled(node).filter(s -> Math.abs(6 * s.factor() - 1) < ROUNDING).map(Scaled::x);
  }

  private Optional<Scaled> scaled(NodeProto node) {
    if (Nodes.is(node, "Div")) {
      OptionalDouble divisor = operands.scalarBeside(Nodes.input(node, 1), Nodes.input(node, 0));
      return divisor.isPresent()
          ? Optional.of(new Scaled(node.getInput(0), 1 / divisor.getAsDouble()))
          : Optional.empty();
    }
    return Nodes.is(node, "Mul") ? withScalar(node) : Optional.empty();
  }

  /** Returns the inputs of a commutative operator if one of them is a number. */
  private Optional<Scaled> withScalar(NodeProto node) {
    for (int side = 0; side < 2 && node.getInputCount() == 2; side++) {
      OptionalDouble number = operands.scalarBeside(node.getInput(side), node.getInput(1 - side));
      if (number.isPresent()) {
        return Optional.of(new Scaled(node.getInput(1 - side), number.getAsDouble()));
      }
    }
    return Optional.empty();
  }

  private Optional<Ramp> ramp(String tensor) {
    List<Integer> slots = new ArrayList<>();
    double low = Double.NEGATIVE_INFINITY;
    double high = Double.POSITIVE_INFINITY;
    String current = tensor;
    while (nodes.maker(current).isPresent() && nodes.soleReader(current).isPresent()) {
      int slot = nodes.maker(current).getAsInt();
      NodeProto node = nodes.at(slot).orElseThrow();
      slots.add(slot);
      Optional<Clamps.Clamp> clamp = clamp(node);
      if (clamp.isPresent()) {
        low = Math.max(low, clamp.get().low());
        high = Math.min(high, clamp.get().high());
        current = clamp.get().x();
        continue;
      }
      boolean ramp = low == 0 && high == 6 && Nodes.is(node, "Add");
      return ramp
          ? withScalar(node).filter(s -> s.factor() == 3).map(s -> new Ramp(s.x(), slots))
          : Optional.empty();
    }
    return Optional.empty();
  }

  private Optional<Clamps.Clamp> clamp(NodeProto node) {
    double none = Double.POSITIVE_INFINITY;
    return switch (node.getOpType()) {
      case "Max" -> withScalar(node).map(s -> new Clamps.Clamp(s.x(), s.factor(), none));
      case "Min" -> withScalar(node).map(s -> new Clamps.Clamp(s.x(), -none, s.factor()));
      default -> clamps.of(node);
    };
  }
}
