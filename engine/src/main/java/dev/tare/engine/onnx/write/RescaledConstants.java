package dev.tare.engine.onnx.write;

import dev.tare.engine.graph.ModelGraph;
import dev.tare.engine.onnx.graph.FreshNames;
import dev.tare.engine.onnx.graph.TensorCodec;
import dev.tare.engine.onnx.proto.TensorProto;
import dev.tare.engine.tensor.DType;
import dev.tare.engine.tensor.Shape;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * Constants of nodes of which channels are rescaled, some of them along two axes: computed in
 * double, and rounded when all changes are in. Not thread-safe.
 */
final class RescaledConstants {

  /** What becomes of an element. */
  @FunctionalInterface
  interface Change {
    double of(double value, int index);
  }

  /** A new constant, which one operand reads, or several that change alike. */
  private static final class Changed {
    final String name;
    final String origin;
    final Shape shape;
    final List<Change> changes = new ArrayList<>();
    int operands = 1;

    Changed(String name, String origin, Shape shape) {
      this.name = name;
      this.origin = origin;
      this.shape = shape;
    }
  }

  private record Operand(int node, int input) {}

  private final ModelGraph graph;
  private final FreshNames names;
  private final List<Supplier<TensorProto>> all = new ArrayList<>();
  private final Map<Operand, Changed> byOperand = new HashMap<>();

  RescaledConstants(ModelGraph graph, FreshNames names) {
    this.graph = graph;
    this.names = names;
  }

  /**
   * Changes the constant that an operand of a node reads.
   *
   * @param origin its name before any change
   * @param shape of the result; a single value is repeated
   * @param suffix of the new name, unless it has one
   * @return the name of the result
   */
  String change(int node, int input, String origin, Shape shape, String suffix, Change change) {
    Operand operand = new Operand(node, input);
    Changed known = byOperand.get(operand);
    if (known == null || known.operands > 1) {
      Changed own = new Changed(names.fresh(origin + suffix), origin, shape);
      if (known != null) {
        known.operands--;
        own.changes.addAll(known.changes);
      }
      all.add(() -> rounded(own));
      byOperand.put(operand, own);
      known = own;
    }
    known.changes.add(change);
    return known.name;
  }

  /**
   * The constant that an operand reads, for another operand to read too; empty unless it has
   * changed once, so that both change alike.
   */
  Optional<String> share(int node, int input, int other, int otherInput) {
    Changed shared = byOperand.get(new Operand(other, otherInput));
    if (shared.changes.size() != 1 || byOperand.containsKey(new Operand(node, input))) {
      return Optional.empty();
    }
    shared.operands++;
    byOperand.put(new Operand(node, input), shared);
    return Optional.of(shared.name);
  }

  /** The constant that an operand read before it changed; empty if it has not. */
  Optional<String> origin(int node, int input) {
    return Optional.ofNullable(byOperand.get(new Operand(node, input))).map(known -> known.origin);
  }

  /** Adds a constant; returns its name. */
  String add(TensorProto constant) {
    all.add(() -> constant);
    return constant.getName();
  }

  /** The new constants, in the order in which they were first asked for. */
  List<TensorProto> initializers() {
    return all.stream().map(Supplier::get).toList();
  }

  private TensorProto rounded(Changed changed) {
    FloatBuffer values = graph.constant(changed.origin).floats();
    boolean single = values.remaining() == 1;
    int size = Math.toIntExact(changed.shape.size());
    ByteBuffer bytes =
        ByteBuffer.allocate(Math.multiplyExact(size, Float.BYTES)).order(ByteOrder.LITTLE_ENDIAN);
    for (int i = 0; i < size; i++) {
      double value = values.get(single ? 0 : i);
      for (Change change : changed.changes) {
        value = change.of(value, i);
      }
      bytes.putFloat((float) value);
    }
    return TensorCodec.encode(changed.name, DType.FLOAT32, changed.shape.dims(), bytes.flip());
  }
}
