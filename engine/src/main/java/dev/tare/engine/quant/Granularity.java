package dev.tare.engine.quant;

import dev.tare.engine.tensor.Shape;
import java.util.OptionalInt;

/** Which values of a tensor share one scale and zero point. */
public sealed interface Granularity {

  /** The channel axis, at least 0; empty when the whole tensor shares one scale. */
  OptionalInt axis();

  /**
   * Number of scales that a tensor needs.
   *
   * @throws IllegalArgumentException if the axis lies outside the shape
   */
  long channels(Shape shape);

  /** One scale for the tensor. */
  record PerTensor() implements Granularity {
    @Override
    public OptionalInt axis() {
      return OptionalInt.empty();
    }

    @Override
    public long channels(Shape shape) {
      return 1;
    }
  }

  /**
   * One scale for each index along an axis (per-axis in ONNX).
   *
   * @param index the axis, counted from the front
   */
  record PerChannel(int index) implements Granularity {
    /**
     * @throws IllegalArgumentException if the axis is negative: normalize it by the shape first
     */
    public PerChannel {
      if (index < 0) {
        throw new IllegalArgumentException("Invalid channel axis: " + index);
      }
    }

    @Override
    public OptionalInt axis() {
      return OptionalInt.of(index);
    }

    @Override
    public long channels(Shape shape) {
      return shape.dim(shape.normalizeAxis(index));
    }
  }
}
