package dev.tare.engine.quant;

import dev.tare.engine.tensor.Shape;
import java.util.OptionalInt;

/**
 * Which values of a tensor share a scale: all, those with the same index along an axis, or runs of
 * neighbours along an axis.
 *
 * <p>Parameters of a tensor are a flat list, row-major in {@link #paramsShape}. Those of ONNX
 * QuantizeLinear: per-tensor, per-axis and blocked.
 *
 * @param axis the channel axis, or the axis divided into blocks, at least 0; empty per tensor
 * @param blockSize values of a block along the axis, the last block may be shorter; empty unless
 *     per block
 */
public record Granularity(OptionalInt axis, OptionalInt blockSize) {

  private static final Granularity TENSOR =
      new Granularity(OptionalInt.empty(), OptionalInt.empty());

  /**
   * Checks that a block has an axis.
   *
   * @throws IllegalArgumentException if the axis is negative, the block size not positive, or there
   *     is a block size without an axis
   */
  public Granularity {
    if (axis.isPresent() && axis.getAsInt() < 0) {
      throw new IllegalArgumentException("Invalid axis: " + axis.getAsInt());
    }
    if (blockSize.isPresent() && (axis.isEmpty() || blockSize.getAsInt() <= 0)) {
      throw new IllegalArgumentException(
          axis.isEmpty()
              ? "Invalid block size without an axis: " + blockSize.getAsInt()
              : "Invalid block size: " + blockSize.getAsInt());
    }
  }

  /** One scale for the tensor. */
  public static Granularity perTensor() {
    return TENSOR;
  }

  /** One scale for each index along an axis. */
  public static Granularity perChannel(int axis) {
    return new Granularity(OptionalInt.of(axis), OptionalInt.empty());
  }

  /** One scale for each run of neighbours along an axis. */
  public static Granularity perBlock(int axis, int blockSize) {
    return new Granularity(OptionalInt.of(axis), OptionalInt.of(blockSize));
  }

  /** One scale for each index along an axis, or, without one, for the tensor. */
  public static Granularity along(OptionalInt axis) {
    return new Granularity(axis, OptionalInt.empty());
  }

  /**
   * The shape of the scales of a tensor: {@code []} per tensor, {@code [C]} per channel, the
   * tensor's own with the axis divided by the block size, rounded up, per block.
   *
   * @throws IllegalArgumentException if the tensor lacks the axis
   */
  public Shape paramsShape(Shape tensor) {
    if (axis.isEmpty()) {
      return Shape.SCALAR;
    }
    int normalized = tensor.normalizeAxis(axis.getAsInt());
    if (blockSize.isEmpty()) {
      return Shape.of(tensor.dim(normalized));
    }
    long[] dims = tensor.toArray();
    dims[normalized] = (dims[normalized] + blockSize.getAsInt() - 1) / blockSize.getAsInt();
    return Shape.of(dims);
  }

  /** Returns text for messages: {@code along axis 1 in blocks of 32}. */
  @Override
  public String toString() {
    if (axis.isEmpty()) {
      return "per tensor";
    }
    String along = "along axis " + axis.getAsInt();
    return blockSize.isEmpty() ? along : along + " in blocks of " + blockSize.getAsInt();
  }
}
