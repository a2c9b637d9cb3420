package dev.tare.engine.onnx.prepare;

import dev.tare.engine.onnx.graph.Constants;
import dev.tare.engine.onnx.graph.NodeIndex;
import dev.tare.engine.onnx.graph.Nodes;
import dev.tare.engine.onnx.graph.Ranks;
import dev.tare.engine.onnx.graph.TensorCodec;
import dev.tare.engine.onnx.proto.NodeProto;
import dev.tare.engine.onnx.proto.TensorProto;
import dev.tare.engine.tensor.DType;
import dev.tare.engine.tensor.Shape;
import dev.tare.engine.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;

/** Finds constant float operands of arithmetic, through Identity, Reshape and Unsqueeze. */
final class ConstantOperands {

  private final Constants constants;
  private final NodeIndex nodes;
  private final Ranks ranks;

  ConstantOperands(Constants constants, NodeIndex nodes, Ranks ranks) {
    this.constants = constants;
    this.nodes = nodes;
    this.ranks = ranks;
  }

  /** Returns the name under which the model stores the constant that a tensor equals. */
  Optional<String> resolve(String tensor) {
    return constants.resolve(tensor);
  }

  Optional<Integer> rank(String tensor) {
    return ranks.find(tensor);
  }

  /** A constant of 32-bit floats. */
  Optional<Tensor> floats(String tensor) {
    return find(tensor).filter(t -> t.dtype() == DType.FLOAT32);
  }

  private Optional<Tensor> find(String tensor) {
    Optional<TensorProto> kept = constants.resolve(tensor).flatMap(constants::find);
    if (kept.isPresent()) {
      return kept.filter(TensorCodec::held)
          .filter(t -> TensorCodec.dtype(t.getDataType()).isPresent())
          .map(TensorCodec::decode);
    }
    Optional<NodeProto> maker = nodes.maker(tensor).stream().boxed().findFirst().flatMap(nodes::at);
    return maker.flatMap(this::view);
  }

  private Optional<Tensor> view(NodeProto node) {
    boolean reshape = Nodes.is(node, "Reshape");
    if (!reshape && !Nodes.is(node, "Unsqueeze")) {
      return Optional.empty();
    }
    Optional<Tensor> data = constants.resolve(Nodes.input(node, 0)).flatMap(this::floats);
    Optional<List<Long>> argument =
        Nodes.attribute(node, "axes")
            .map(a -> a.getIntsList())
            .or(() -> constants.longs(Nodes.input(node, 1)));
    if (data.isEmpty() || argument.isEmpty()) {
      return Optional.empty();
    }
    Optional<Shape> shape =
        reshape
            ? reshaped(data.get().shape(), argument.get())
            : unsqueezed(data.get().shape(), argument.get());
    return shape.map(s -> Tensor.of(DType.FLOAT32, s, data.get().bytes()));
  }

  /**
   * Returns the shape if all sizes are given; a shape that copies or infers a size is left to the
   * runtime.
   */
  private static Optional<Shape> reshaped(Shape from, List<Long> dims) {
    if (dims.stream().anyMatch(d -> d <= 0)) {
      return Optional.empty();
    }
    return Optional.of(new Shape(dims)).filter(s -> s.size() == from.size());
  }

  private static Optional<Shape> unsqueezed(Shape from, List<Long> axes) {
    int rank = from.rank() + axes.size();
    List<Long> sorted = axes.stream().map(a -> a < 0 ? a + rank : a).sorted().toList();
    List<Long> dims = new ArrayList<>(from.dims());
    for (long axis : sorted) {
      if (axis < 0 || axis > dims.size()) {
        return Optional.empty();
      }
      dims.add((int) axis, 1L);
    }
    return Optional.of(new Shape(dims));
  }

  /** The constant vector of a length. */
  Optional<double[]> vector(String tensor, int length) {
    return floats(tensor)
        .filter(t -> t.shape().equals(Shape.of(length)))
        .flatMap(t -> channelsBeside(tensor, 2, length));
  }

  /** Returns the value of a constant of one element, if it adds no dimension to its partner. */
  OptionalDouble scalarBeside(String constant, String partner) {
    return floats(constant)
        .filter(t -> t.shape().size() == 1)
        .filter(t -> t.shape().rank() <= ranks.find(partner).orElse(1))
        .map(t -> OptionalDouble.of(t.toFloatArray()[0]))
        .orElse(OptionalDouble.empty());
  }

  /**
   * Returns a constant's number for each channel, if it varies only along axis 1.
   *
   * @param rank dimensions of the other operand
   * @param channels size of that tensor's axis 1
   */
  Optional<double[]> channelsBeside(String constant, int rank, int channels) {
    Optional<Tensor> found = floats(constant);
    if (found.isEmpty() || found.get().shape().rank() > rank) {
      return Optional.empty();
    }
    Shape shape = found.get().shape();
    int missing = rank - shape.rank();
    for (int axis = 0; axis < shape.rank(); axis++) {
      long dim = shape.dim(axis);
      if (dim != 1 && (axis + missing != 1 || dim != channels)) {
        return Optional.empty();
      }
    }
    float[] values = found.get().toFloatArray();
    double[] wide = new double[channels];
    for (int c = 0; c < channels; c++) {
      wide[c] = values[values.length == 1 ? 0 : c];
    }
    return Optional.of(wide);
  }
}
