package dev.tare.engine.onnx.prepare;

import dev.tare.engine.tensor.Shape;
import dev.tare.engine.tensor.Tensor;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Computes Slice and Concat of constant floats; empty if the standard does not allow it. */
final class ConstantParts {

  private ConstantParts() {}

  /**
   * A part of a tensor.
   *
   * @param axes as the operator gives them, one for each start; empty for the first axes
   * @param steps one for each start; empty for steps of 1
   */
  static Optional<Tensor> sliced(
      Tensor tensor, List<Long> starts, List<Long> ends, List<Long> axes, List<Long> steps) {
    Shape from = tensor.shape();
    int parts = starts.size();
    boolean fits =
        ends.size() == parts
            && parts <= from.rank()
            && (axes.isEmpty() || axes.size() == parts)
            && (steps.isEmpty() || steps.size() == parts);
    if (!fits) {
      return Optional.empty();
    }
    List<Long> dims = new ArrayList<>(from.dims());
    long[] strides = new long[from.rank()];
    for (int axis = 0; axis < strides.length; axis++) {
      strides[axis] = from.stride(axis);
    }
    long first = 0;
    boolean[] cut = new boolean[from.rank()];
    for (int i = 0; i < parts; i++) {
      long named = axes.isEmpty() ? i : axes.get(i);
      int axis = (int) (named < 0 ? named + from.rank() : named);
      long step = steps.isEmpty() ? 1 : steps.get(i);
      if (named < -from.rank() || named >= from.rank() || cut[axis] || step == 0) {
        return Optional.empty();
      }
      cut[axis] = true;
      long size = from.dim(axis);
      long start = bound(starts.get(i), size, step, false);
      long length = length(start, bound(ends.get(i), size, step, true), step);
      if (length == 0) {
        return Optional.empty();
      }
      first += start * strides[axis];
      strides[axis] *= step;
      dims.set(axis, length);
    }
    return Optional.of(
        Tensor.of(
            tensor.dtype(), new Shape(dims), ConstantViews.gathered(tensor, dims, strides, first)));
  }

  /**
   * Normalizes an index like the standard: counted from the end if negative, and limited to the
   * axis.
   */
  private static long bound(long index, long size, long step, boolean end) {
    long place = index < 0 && index >= -size ? index + size : index;
    if (step > 0) {
      return Math.max(0, Math.min(place, size));
    }
    return Math.max(end ? -1 : 0, Math.min(place, size - 1));
  }

  private static long length(long start, long end, long step) {
    long way = step > 0 ? end - start : start - end;
    // The smallest long has no positive counterpart.
    long stride = step == Long.MIN_VALUE ? Long.MAX_VALUE : Math.abs(step);
    return way <= 0 ? 0 : (way - 1) / stride + 1;
  }

  /**
   * Concatenates tensors along an axis.
   *
   * @param most maximum bytes of the result; empty above it
   */
  static Optional<Tensor> joined(List<Tensor> tensors, long named, long most) {
    Tensor first = tensors.get(0);
    int rank = first.shape().rank();
    if (named < -rank || named >= rank) {
      return Optional.empty();
    }
    int axis = (int) (named < 0 ? named + rank : named);
    long joined = 0;
    long bytes = 0;
    for (Tensor tensor : tensors) {
      if (!alike(first, tensor, axis)) {
        return Optional.empty();
      }
      joined += tensor.shape().dim(axis);
      bytes += tensor.bytes().remaining();
    }
    if (bytes > most) {
      return Optional.empty();
    }
    List<Long> dims = new ArrayList<>(first.shape().dims());
    dims.set(axis, joined);
    long outer = 1;
    for (int i = 0; i < axis; i++) {
      outer *= first.shape().dim(i);
    }
    ByteBuffer to = ByteBuffer.allocate(Math.toIntExact(bytes)).order(ByteOrder.LITTLE_ENDIAN);
    for (int row = 0; row < outer; row++) {
      for (Tensor tensor : tensors) {
        ByteBuffer from = tensor.bytes();
        int length = Math.toIntExact(from.remaining() / outer);
        to.put(from.slice(from.position() + row * length, length));
      }
    }
    return Optional.of(Tensor.of(first.dtype(), new Shape(dims), to.flip()));
  }

  private static boolean alike(Tensor first, Tensor tensor, int axis) {
    boolean alike =
        tensor.dtype() == first.dtype()
            && tensor.shape().rank() == first.shape().rank()
            && tensor.shape().size() > 0;
    for (int i = 0; alike && i < first.shape().rank(); i++) {
      alike = i == axis || tensor.shape().dim(i) == first.shape().dim(i);
    }
    return alike;
  }
}
