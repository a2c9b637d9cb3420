package dev.tare.engine.onnx.prepare;

import dev.tare.engine.onnx.graph.Nodes;
import dev.tare.engine.onnx.proto.AttributeProto;
import dev.tare.engine.onnx.proto.NodeProto;
import java.util.Optional;
import java.util.OptionalDouble;

/** Reads operators that limit a tensor to constant bounds: Relu and Clip. */
final class Clamps {

  private static final double NONE = Double.POSITIVE_INFINITY;

  private final ConstantOperands operands;

  /**
   * What an operator computes: {@code min(max(x, low), high)}.
   *
   * @param low minus infinity without a bound; at most {@code high}
   */
  record Clamp(String x, double low, double high) {

    /** Composes two: first this, then the other. */
    Clamp then(Clamp next) {
      return new Clamp(x, next.at(low), next.at(high));
    }

    boolean sameBounds(Clamp other) {
      return low == other.low && high == other.high;
    }

    private double at(double value) {
      return Math.min(Math.max(value, low), high);
    }
  }

  Clamps(ConstantOperands operands) {
    this.operands = operands;
  }

  /** Empty for other operators, computed bounds, and a lower bound above the upper one. */
  Optional<Clamp> of(NodeProto node) {
    if (!Nodes.isStandard(node) || node.getInputCount() == 0) {
      return Optional.empty();
    }
    return switch (node.getOpType()) {
      case "Relu" -> Optional.of(new Clamp(node.getInput(0), 0, NONE));
      case "Clip" -> {
        OptionalDouble low = bound(node, "min", 1, -NONE);
        OptionalDouble high = bound(node, "max", 2, NONE);
        yield low.isPresent() && high.isPresent() && low.getAsDouble() <= high.getAsDouble()
            ? Optional.of(new Clamp(node.getInput(0), low.getAsDouble(), high.getAsDouble()))
            : Optional.empty();
      }
      default -> Optional.empty();
    };
  }

  private OptionalDouble bound(NodeProto clip, String name, int index, double absent) {
    Optional<AttributeProto> attribute = Nodes.attribute(clip, name);
    if (attribute.isPresent()) {
      return OptionalDouble.of(attribute.get().getF());
    }
    String input = Nodes.input(clip, index);
    return input.isEmpty()
        ? OptionalDouble.of(absent)
        : operands.scalarBeside(input, Nodes.input(clip, 0));
  }
}
