package dev.tare.engine.onnx;

import dev.tare.engine.model.InvalidModelException;
import dev.tare.engine.onnx.graph.ConstantScope;
import dev.tare.engine.onnx.graph.Nodes;
import dev.tare.engine.onnx.graph.TensorCodec;
import dev.tare.engine.onnx.proto.AttributeProto;
import dev.tare.engine.onnx.proto.NodeProto;
import dev.tare.engine.onnx.proto.TensorProto;
import dev.tare.engine.tensor.Tensor;
import java.nio.DoubleBuffer;
import java.nio.FloatBuffer;
import java.nio.IntBuffer;
import java.nio.LongBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;

/**
 * Finds operators that make many values from a few bytes of constants: ConstantOfShape, Expand,
 * Tile, Range, Pad, Resize, Upsample, OneHot, and those that draw random numbers. A runtime would
 * allocate the memory before anything else can refuse it.
 *
 * <p>Sizes that depend on data are unknown and not judged. Tensors that are neither constants nor
 * made by such an operator count with size 1, so that only models are refused that are too large
 * for any data.
 */
final class FillCheck {

  /** Maximum number of values that one operator may make from constants: 1 GiB of 32-bit floats. */
  static final long MAX_VALUES = 1L << 28;

  /** Maximum number of values that all such operators of a model may make: 4 GiB. */
  static final long MAX_TOTAL = 1L << 30;

  /** More numbers than any shape, scale or padding has. */
  private static final int MAX_OPERANDS = 1024;

  /** Number of values made by all operators of a model, also in bodies. */
  static final class Total {
    private double values;
  }

  private final String model;
  private final ConstantScope scope;
  private final Total total;

  /** Sizes of tensors made by such operators of this graph, which can feed each other. */
  private final Map<String, Double> made = new HashMap<>();

  /**
   * @param scope constants visible in the graph of the nodes
   * @param total of the whole model
   */
  FillCheck(String model, ConstantScope scope, Total total) {
    this.model = model;
    this.scope = scope;
    this.total = total;
  }

  /**
   * @throws InvalidModelException if the operator would make more than {@link #MAX_VALUES} values
   *     or a negative number, or all operators so far more than {@link #MAX_TOTAL}
   */
  void check(NodeProto node) {
    if (!Nodes.isStandard(node)) {
      return;
    }
    switch (node.getOpType()) {
      case "ConstantOfShape" -> {
        List<Double> dims = values(node, 0).orElse(List.of());
        if (dims.stream().anyMatch(dim -> dim < 0)) {
          throw refuse(node);
        }
        limit(node, product(dims));
      }
      case "Expand" ->
          limit(node, Math.max(elements(node), product(values(node, 1).orElse(List.of()))));
      case "Tile" -> limit(node, elements(node) * product(values(node, 1).orElse(List.of())));
      case "RandomNormal", "RandomUniform" ->
          limit(node, product(doubles(ints(node, "shape").orElse(List.of()))));
      case "Range" -> range(node);
      case "Pad" -> pad(node);
      case "Upsample" -> limit(node, elements(node) * product(scales(node, 1)));
      case "Resize" -> {
        // Before 11 scales were the second input.
        List<Double> scales = scales(node, node.getInputCount() == 2 ? 1 : 2);
        limit(node, elements(node) * product(scales));
        limit(node, product(values(node, 3).orElse(List.of())));
      }
      case "OneHot" -> number(node, 1).ifPresent(depth -> limit(node, elements(node) * depth));
      default -> {
        // Other operators make no more values than they read.
      }
    }
  }

  /** An unknown size, written as -1, counts as 1. */
  private static double product(List<Double> factors) {
    double size = 1;
    for (double factor : factors) {
      size *= factor < 0 ? 1 : factor;
    }
    return size;
  }

  private void pad(NodeProto node) {
    List<Double> amounts =
        ints(node, "pads").map(FillCheck::doubles).or(() -> values(node, 1)).orElse(List.of());
    double size = 1;
    for (int axis = 0; axis < amounts.size() / 2; axis++) {
      double added = amounts.get(axis) + amounts.get(axis + amounts.size() / 2);
      size *= Math.max(1 + added, 1);
    }
    limit(node, size);
  }

  private void range(NodeProto node) {
    OptionalDouble start = number(node, 0);
    OptionalDouble end = number(node, 1);
    OptionalDouble step = number(node, 2);
    if (start.isPresent() && end.isPresent() && step.isPresent() && step.getAsDouble() != 0) {
      limit(node, Math.ceil((end.getAsDouble() - start.getAsDouble()) / step.getAsDouble()));
    }
  }

  /**
   * A constant input, or one made by such an operator, counts with its size, any other as one
   * value.
   */
  private double elements(NodeProto node) {
    String input = Nodes.input(node, 0);
    return scope
        .find(input)
        .map(found -> (double) TensorCodec.shape(found.tensor()).size())
        .orElse(made.getOrDefault(input, 1.0));
  }

  private static Optional<List<Long>> ints(NodeProto node, String attribute) {
    return Nodes.attribute(node, attribute).map(AttributeProto::getIntsList);
  }

  private static List<Double> doubles(List<Long> values) {
    return values.stream().map(value -> (double) value).toList();
  }

  private List<Double> scales(NodeProto node, int input) {
    return Nodes.attribute(node, "scales")
        .map(a -> a.getFloatsList().stream().map(value -> (double) value).toList())
        .or(() -> values(node, input))
        .orElse(List.of());
  }

  private OptionalDouble number(NodeProto node, int input) {
    List<Double> values = values(node, input).orElse(List.of());
    return values.size() == 1 ? OptionalDouble.of(values.get(0)) : OptionalDouble.empty();
  }

  /** Constant numbers, up to the length that these operators accept. */
  private Optional<List<Double>> values(NodeProto node, int input) {
    return scope
        .find(Nodes.input(node, input))
        .map(ConstantScope.Found::tensor)
        .filter(TensorCodec::held)
        .filter(tensor -> TensorCodec.shape(tensor).size() <= MAX_OPERANDS)
        .filter(tensor -> TensorCodec.dtype(tensor.getDataType()).isPresent())
        .flatMap(FillCheck::values);
  }

  private static Optional<List<Double>> values(TensorProto proto) {
    Tensor tensor = TensorCodec.decode(proto);
    List<Double> values = new ArrayList<>();
    switch (tensor.dtype()) {
      case FLOAT32 -> {
        FloatBuffer floats = tensor.floats();
        while (floats.hasRemaining()) {
          values.add((double) floats.get());
        }
      }
      case INT64 -> {
        LongBuffer longs = tensor.bytes().asLongBuffer();
        while (longs.hasRemaining()) {
          values.add((double) longs.get());
        }
      }
      case FLOAT64 -> {
        DoubleBuffer doubles = tensor.bytes().asDoubleBuffer();
        while (doubles.hasRemaining()) {
          values.add(doubles.get());
        }
      }
      case INT32 -> {
        IntBuffer ints = tensor.bytes().asIntBuffer();
        while (ints.hasRemaining()) {
          values.add((double) ints.get());
        }
      }
      default -> {
        return Optional.empty();
      }
    }
    return Optional.of(values);
  }

  private void limit(NodeProto node, double size) {
    // NaN comes from invalid numbers, which the runtime refuses.
    if (size > MAX_VALUES) {
      throw refuse(node);
    }
    if (size > 0) {
      total.values += size;
      made.merge(node.getOutputCount() > 0 ? node.getOutput(0) : "", size, Math::max);
    }
    if (total.values > MAX_TOTAL) {
      throw new InvalidModelException(
          model,
          "operators that fill tensors from constants make more than %d values together; the last is %s '%s'"
              .formatted(MAX_TOTAL, node.getOpType(), node.getName()));
    }
  }

  private InvalidModelException refuse(NodeProto node) {
    return new InvalidModelException(
        model,
        "%s '%s' makes more than %d values"
            .formatted(node.getOpType(), node.getName(), MAX_VALUES));
  }
}
