package dev.tare.engine.quant;

import dev.tare.engine.tensor.Shape;
import java.util.List;
import java.util.OptionalInt;

/** Walks a flat row-major piece of a tensor as runs of values that share a channel. */
final class ChannelRuns {

  /**
   * Does the work over indices [from, to) of a chunk: of one channel, or, where neighbours are of
   * neighbouring channels, of those from {@code channel} on.
   */
  @FunctionalInterface
  interface Run {
    boolean apply(AffineKernel kernel, int channel, int from, int to);
  }

  private final AffineKernel kernel;
  private final int channels;
  private final long stride;
  private long channel;
  private long left;

  private ChannelRuns(AffineKernel kernel, int channels, long stride, long offset) {
    this.kernel = kernel;
    this.channels = channels;
    this.stride = stride;
    this.channel = channels == 0 ? 0 : (offset / stride) % channels;
    this.left = stride - offset % stride;
  }

  /**
   * @param offset flat index of the first value
   * @param length number of values
   * @throws IllegalArgumentException if parameters do not match the axis, mix types, or the piece
   *     lies outside the shape
   */
  static ChannelRuns of(
      Shape shape,
      List<QuantParams> params,
      OptionalInt axis,
      Limits limits,
      long offset,
      long length) {
    int normalized = axis.isPresent() ? shape.normalizeAxis(axis.getAsInt()) : -1;
    long channels = normalized < 0 ? 1 : shape.dim(normalized);
    if (params.size() != channels) {
      throw new IllegalArgumentException(
          "Cannot quantize shape %s along %s: %d channels vs %d parameters"
              .formatted(
                  shape,
                  normalized < 0 ? "no axis" : "axis " + normalized,
                  channels,
                  params.size()));
    }
    if (offset < 0 || length < 0 || offset > shape.size() - length) {
      throw new IllegalArgumentException(
          "Cannot quantize %d values at %d of shape %s: only %d values"
              .formatted(length, offset, shape, shape.size()));
    }
    for (int c = 0; c < params.size(); c++) {
      if (params.get(c).type() != params.get(0).type()) {
        throw new IllegalArgumentException(
            "Cannot quantize channels to different types: %s vs %s"
                .formatted(params.get(0).type(), params.get(c).type()));
      }
    }
    long stride = normalized < 0 ? shape.size() : shape.stride(normalized);
    boolean innermost = normalized >= 0 && stride == 1;
    return new ChannelRuns(
        new AffineKernel(params, limits, innermost), params.size(), Math.max(stride, 1), offset);
  }

  /** Applies to the next {@code length} values; false when any run said so. */
  boolean next(int length, Run run) {
    boolean all = true;
    int from = 0;
    while (from < length) {
      long same = stride == 1 ? channels - channel : left;
      int to = (int) Math.min(length, from + same);
      all &= run.apply(kernel, (int) channel, from, to);
      advance(to - from);
      from = to;
    }
    return all;
  }

  private void advance(int values) {
    if (stride == 1) {
      channel = channel + values == channels ? 0 : channel + values;
      return;
    }
    left -= values;
    if (left == 0) {
      left = stride;
      channel = channel + 1 == channels ? 0 : channel + 1;
    }
  }
}
