package dev.tare.engine.onnx;

import dev.tare.engine.onnx.proto.AttributeProto;
import dev.tare.engine.onnx.proto.NodeProto;
import dev.tare.engine.onnx.proto.TensorProto;
import dev.tare.engine.tensor.DType;
import dev.tare.engine.tensor.Shape;
import dev.tare.engine.tensor.Tensor;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;

/**
 * What operators that only arrange values give for constants: Transpose, Reshape, Squeeze,
 * Unsqueeze, Flatten, Identity, and Cast of 64-bit floats to 32 bits. To the bit what a runtime
 * gives.
 */
final class ConstantViews {

  private static final int MAX_CHAIN = 16;

  private final Constants constants;
  private final NodeIndex nodes;

  ConstantViews(Constants constants, NodeIndex nodes) {
    this.constants = constants;
    this.nodes = nodes;
  }

  /** The value of a tensor that such operators make of floats; empty for any other. */
  Optional<Tensor> find(String tensor) {
    return find(tensor, 0);
  }

  private Optional<Tensor> find(String tensor, int depth) {
    Optional<TensorProto> kept = constants.resolve(tensor).flatMap(constants::find);
    if (kept.isPresent()) {
      return kept.filter(TensorCodec::held)
          .filter(
              t ->
                  t.getDataType() == DType.FLOAT32.onnxCode()
                      || t.getDataType() == DType.FLOAT64.onnxCode())
          .map(TensorCodec::decode);
    }
    Optional<NodeProto> maker = nodes.maker(tensor).stream().boxed().findFirst().flatMap(nodes::at);
    if (depth == MAX_CHAIN || maker.isEmpty()) {
      return Optional.empty();
    }
    return switch (maker.get().getOpType()) {
      case "Identity", "Cast", "Transpose", "Reshape", "Squeeze", "Unsqueeze", "Flatten" ->
          find(Nodes.input(maker.get(), 0), depth + 1).flatMap(t -> apply(maker.get(), t));
      default -> Optional.empty();
    };
  }

  private Optional<Tensor> apply(NodeProto node, Tensor tensor) {
    return switch (node.getOpType()) {
      case "Identity" -> Optional.of(tensor);
      case "Cast" ->
          Nodes.intAttribute(node, "to", 0) == DType.FLOAT32.onnxCode()
              ? Optional.of(tensor.dtype() == DType.FLOAT32 ? tensor : narrowed(tensor))
              : Optional.empty();
      case "Transpose" -> transposed(node, tensor);
      case "Flatten" ->
          flattened(tensor.shape(), Nodes.intAttribute(node, "axis", 1))
              .map(shape -> view(tensor, shape));
      case "Reshape" ->
          constants
              .longs(Nodes.input(node, 1))
              .flatMap(
                  dims ->
                      reshaped(tensor.shape(), dims, Nodes.intAttribute(node, "allowzero", 0) != 0))
              .map(shape -> view(tensor, shape));
      default ->
          axes(node)
              .flatMap(
                  axes ->
                      node.getOpType().equals("Squeeze")
                          ? squeezed(tensor.shape(), axes)
                          : unsqueezed(tensor.shape(), axes))
              .map(shape -> view(tensor, shape));
    };
  }

  private static Tensor view(Tensor tensor, Shape shape) {
    return Tensor.of(tensor.dtype(), shape, tensor.bytes());
  }

  private static Tensor narrowed(Tensor doubles) {
    int size = Math.toIntExact(doubles.shape().size());
    ByteBuffer floats = ByteBuffer.allocate(size * 4).order(ByteOrder.LITTLE_ENDIAN);
    ByteBuffer from = doubles.bytes();
    for (int i = 0; i < size; i++) {
      floats.putFloat((float) from.getDouble());
    }
    return Tensor.of(DType.FLOAT32, doubles.shape(), floats.flip());
  }

  /** Empty where axes are computed; none where all dimensions of size 1 are meant. */
  private Optional<List<Long>> axes(NodeProto node) {
    Optional<List<Long>> attribute = Nodes.attribute(node, "axes").map(AttributeProto::getIntsList);
    if (attribute.isPresent()) {
      return attribute;
    }
    String input = Nodes.input(node, 1);
    return input.isEmpty() ? Optional.of(List.of()) : constants.longs(input);
  }

  private static Optional<Shape> squeezed(Shape from, List<Long> axes) {
    HashSet<Long> dropped = new HashSet<>();
    axes.forEach(axis -> dropped.add(axis < 0 ? axis + from.rank() : axis));
    List<Long> dims = new ArrayList<>();
    for (int i = 0; i < from.rank(); i++) {
      boolean drop = axes.isEmpty() ? from.dim(i) == 1 : dropped.remove((long) i);
      if (!drop) {
        dims.add(from.dim(i));
      } else if (from.dim(i) != 1) {
        return Optional.empty();
      }
    }
    return axes.isEmpty() || dropped.isEmpty() ? Optional.of(new Shape(dims)) : Optional.empty();
  }

  private static Optional<Shape> unsqueezed(Shape from, List<Long> axes) {
    int rank = from.rank() + axes.size();
    List<Long> dims = new ArrayList<>(from.dims());
    for (long axis : axes.stream().map(a -> a < 0 ? a + rank : a).sorted().distinct().toList()) {
      if (axis < 0 || axis > dims.size()) {
        return Optional.empty();
      }
      dims.add((int) axis, 1L);
    }
    return dims.size() == rank ? Optional.of(new Shape(dims)) : Optional.empty();
  }

  private static Optional<Shape> flattened(Shape from, long axis) {
    long at = axis < 0 ? axis + from.rank() : axis;
    if (at < 0 || at > from.rank()) {
      return Optional.empty();
    }
    long rows = 1;
    for (int i = 0; i < at; i++) {
      rows *= from.dim(i);
    }
    return from.size() == 0
        ? Optional.empty()
        : Optional.of(new Shape(List.of(rows, from.size() / rows)));
  }

  private static Optional<Shape> reshaped(Shape from, List<Long> wanted, boolean zeros) {
    List<Long> dims = new ArrayList<>();
    int open = -1;
    long known = 1;
    for (int i = 0; i < wanted.size(); i++) {
      long dim = wanted.get(i);
      if (dim == 0 && !zeros) {
        dim = i < from.rank() ? from.dim(i) : 0;
      }
      if (dim == -1 && open < 0) {
        open = i;
        dims.add(1L);
        continue;
      }
      if (dim <= 0 || known > from.size() / dim) {
        return Optional.empty();
      }
      known *= dim;
      dims.add(dim);
    }
    if (open >= 0) {
      dims.set(open, from.size() / known);
    }
    // What does not come out even is the runtime's to refuse.
    return (open >= 0 ? known * dims.get(open) : known) == from.size() && from.size() > 0
        ? Optional.of(new Shape(dims))
        : Optional.empty();
  }

  private static Optional<Tensor> transposed(NodeProto node, Tensor tensor) {
    Shape from = tensor.shape();
    int rank = from.rank();
    List<Long> perm =
        Nodes.attribute(node, "perm").map(AttributeProto::getIntsList).orElseGet(List::of);
    if (perm.isEmpty()) {
      perm = new ArrayList<>();
      for (int i = rank - 1; i >= 0; i--) {
        perm.add((long) i);
      }
    }
    boolean inside = perm.stream().allMatch(axis -> axis >= 0 && axis < rank);
    if (perm.size() != rank || !inside || new HashSet<>(perm).size() != rank) {
      return Optional.empty();
    }
    List<Long> dims = new ArrayList<>();
    long[] strides = new long[rank];
    for (int i = 0; i < rank; i++) {
      int axis = perm.get(i).intValue();
      dims.add(from.dim(axis));
      strides[i] = from.stride(axis);
    }
    return Optional.of(Tensor.of(tensor.dtype(), new Shape(dims), gathered(tensor, dims, strides)));
  }

  private static ByteBuffer gathered(Tensor tensor, List<Long> dims, long[] strides) {
    int size = Math.toIntExact(tensor.shape().size());
    boolean wide = tensor.dtype() == DType.FLOAT64;
    ByteBuffer from = tensor.bytes();
    ByteBuffer to =
        ByteBuffer.allocate(Math.multiplyExact(size, wide ? 8 : 4)).order(ByteOrder.LITTLE_ENDIAN);
    long[] place = new long[strides.length];
    long source = 0;
    for (int i = 0; i < size; i++) {
      // The bits are moved, so that a NaN keeps its payload.
      if (wide) {
        to.putLong(from.getLong((int) source * 8));
      } else {
        to.putInt(from.getInt((int) source * 4));
      }
      for (int axis = strides.length - 1; axis >= 0; axis--) {
        source += strides[axis];
        if (++place[axis] < dims.get(axis)) {
          break;
        }
        source -= strides[axis] * dims.get(axis);
        place[axis] = 0;
      }
    }
    return to.flip();
  }
}
