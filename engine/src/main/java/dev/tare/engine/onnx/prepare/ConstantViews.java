package dev.tare.engine.onnx.prepare;

import dev.tare.engine.onnx.graph.Constants;
import dev.tare.engine.onnx.graph.NodeIndex;
import dev.tare.engine.onnx.graph.Nodes;
import dev.tare.engine.onnx.graph.TensorCodec;
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
 * Computes operators that only rearrange values of constants: Transpose, Reshape, Squeeze,
 * Unsqueeze, Flatten, Identity, Slice, Concat, and Cast of 64-bit floats to 32 bits. Equal to a
 * runtime's result to the bit.
 */
final class ConstantViews {

  private static final int MAX_CHAIN = 16;

  /** A chain of Concat can double the size at each step, so the number of steps is limited. */
  private static final int MAX_STEPS = 1_000;

  private final Constants constants;
  private final NodeIndex nodes;
  private final long most;
  private int steps;

  /**
   * @param most maximum bytes of a concatenated value
   */
  ConstantViews(Constants constants, NodeIndex nodes, long most) {
    this.constants = constants;
    this.nodes = nodes;
    this.most = Math.min(most, Integer.MAX_VALUE);
  }

  /**
   * Returns the value of a tensor that such operators compute from constant floats; empty for any
   * other.
   */
  Optional<Tensor> find(String tensor) {
    steps = 0;
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
    if (depth == MAX_CHAIN || steps++ == MAX_STEPS || maker.isEmpty()) {
      return Optional.empty();
    }
    return switch (maker.get().getOpType()) {
      case "Identity", "Cast", "Transpose", "Reshape", "Squeeze", "Unsqueeze", "Flatten" ->
          find(Nodes.input(maker.get(), 0), depth + 1).flatMap(t -> apply(maker.get(), t));
      case "Slice" ->
          find(Nodes.input(maker.get(), 0), depth + 1).flatMap(t -> sliced(maker.get(), t));
      case "Concat" -> joined(maker.get(), depth);
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
          ViewedShapes.flattened(tensor.shape(), Nodes.intAttribute(node, "axis", 1))
              .map(shape -> view(tensor, shape));
      case "Reshape" ->
          constants
              .longs(Nodes.input(node, 1))
              .flatMap(
                  dims ->
                      ViewedShapes.reshaped(
                          tensor.shape(), dims, Nodes.intAttribute(node, "allowzero", 0) != 0))
              .map(shape -> view(tensor, shape));
      default ->
          axes(node)
              .flatMap(
                  axes ->
                      node.getOpType().equals("Squeeze")
                          ? ViewedShapes.squeezed(tensor.shape(), axes)
                          : ViewedShapes.unsqueezed(tensor.shape(), axes))
              .map(shape -> view(tensor, shape));
    };
  }

  /** Up to opset 9 starts and ends are attributes, later inputs. */
  private Optional<Tensor> sliced(NodeProto node, Tensor tensor) {
    Optional<List<Long>> starts = places(node, "starts", 1);
    Optional<List<Long>> ends = places(node, "ends", 2);
    Optional<List<Long>> axes = places(node, "axes", 3);
    Optional<List<Long>> strides = places(node, "steps", 4);
    return starts.isPresent() && ends.isPresent() && axes.isPresent() && strides.isPresent()
        ? ConstantParts.sliced(tensor, starts.get(), ends.get(), axes.get(), strides.get())
        : Optional.empty();
  }

  private Optional<List<Long>> places(NodeProto node, String attribute, int input) {
    Optional<List<Long>> given = Nodes.attribute(node, attribute).map(AttributeProto::getIntsList);
    String name = Nodes.input(node, input);
    return given.isPresent()
        ? given
        : name.isEmpty() ? Optional.of(List.of()) : constants.longs(name);
  }

  private Optional<Tensor> joined(NodeProto node, int depth) {
    List<Tensor> tensors = new ArrayList<>();
    for (String input : node.getInputList()) {
      Optional<Tensor> tensor = find(input, depth + 1);
      if (tensor.isEmpty()) {
        return Optional.empty();
      }
      tensors.add(tensor.get());
    }
    return tensors.isEmpty()
        ? Optional.empty()
        : ConstantParts.joined(tensors, Nodes.intAttribute(node, "axis", 1), most);
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

  /** Empty if axes are computed; an empty list means all dimensions of size 1. */
  private Optional<List<Long>> axes(NodeProto node) {
    return places(node, "axes", 1);
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
    return Optional.of(
        Tensor.of(tensor.dtype(), new Shape(dims), gathered(tensor, dims, strides, 0)));
  }

  /**
   * Gathers values of a tensor from a first one on, with steps for each axis, which may be
   * negative.
   */
  static ByteBuffer gathered(Tensor tensor, List<Long> dims, long[] strides, long first) {
    int size = Math.toIntExact(new Shape(dims).size());
    boolean wide = tensor.dtype() == DType.FLOAT64;
    ByteBuffer from = tensor.bytes();
    ByteBuffer to =
        ByteBuffer.allocate(Math.multiplyExact(size, wide ? 8 : 4)).order(ByteOrder.LITTLE_ENDIAN);
    long[] place = new long[strides.length];
    long source = first;
    for (int i = 0; i < size; i++) {
      // Copied as bits, so that a NaN keeps its payload.
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
