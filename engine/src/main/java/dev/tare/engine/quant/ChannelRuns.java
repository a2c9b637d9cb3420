package dev.tare.engine.quant;

import dev.tare.engine.tensor.Shape;
import java.util.List;
import java.util.OptionalInt;

/** Walks a flat row-major piece of a tensor as runs of values that share a channel. */
final class ChannelRuns {

  /** Does the work of one channel over indices [from, to) of a chunk. */
  @FunctionalInterface
  interface Run {
    boolean apply(AffineKernel kernel, int from, int to);
  }

  private final AffineKernel[] kernels;
  private final long stride;
  private long channel;
  private long left;

  private ChannelRuns(AffineKernel[] kernels, long stride, long offset) {
    this.kernels = kernels;
    this.stride = stride;
    this.channel = kernels.length == 0 ? 0 : (offset / stride) % kernels.length;
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
    AffineKernel[] kernels = new AffineKernel[params.size()];
    for (int c = 0; c < kernels.length; c++) {
      if (params.get(c).type() != params.get(0).type()) {
        throw new IllegalArgumentException(
            "Cannot quantize channels to different types: %s vs %s"
                .formatted(params.get(0).type(), params.get(c).type()));
      }
      kernels[c] = new AffineKernel(params.get(c), limits);
    }
    long stride = normalized < 0 ? shape.size() : shape.stride(normalized);
    return new ChannelRuns(kernels, Math.max(stride, 1), offset);
  }

  /** Applies to the next {@code length} values; false when any run said so. */
  boolean next(int length, Run run) {
    boolean all = true;
    int from = 0;
    while (from < length) {
      int to = (int) Math.min(length, from + left);
      all &= run.apply(kernels[(int) channel], from, to);
      left -= to - from;
      from = to;
      if (left == 0) {
        left = stride;
        channel = channel + 1 == kernels.length ? 0 : channel + 1;
      }
    }
    return all;
  }
}
