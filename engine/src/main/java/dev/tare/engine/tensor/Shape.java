package dev.tare.engine.tensor;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;

/**
 * Sizes of a dense tensor, outermost first; the empty list is a scalar.
 *
 * @param dims sizes, each at least 0, whose product fits a {@code long}
 */
public record Shape(List<Long> dims) {

  public static final Shape SCALAR = new Shape(List.of());

  /**
   * @throws IllegalArgumentException if a size is negative
   * @throws ArithmeticException if the number of elements overflows a long
   */
  public Shape {
    dims = List.copyOf(dims);
    long size = 1;
    for (long dim : dims) {
      if (dim < 0) {
        throw new IllegalArgumentException("Invalid shape " + dims + ": negative size");
      }
      size = Math.multiplyExact(size, dim);
    }
  }

  public static Shape of(long... dims) {
    return new Shape(Arrays.stream(dims).boxed().toList());
  }

  public int rank() {
    return dims.size();
  }

  public long dim(int axis) {
    return dims.get(axis);
  }

  /** Number of elements; 1 for a scalar. */
  public long size() {
    long size = 1;
    for (long dim : dims) {
      size *= dim;
    }
    return size;
  }

  /**
   * Normalizes an axis that may be counted from the end.
   *
   * @param axis in [-rank, rank)
   * @return the same axis in [0, rank)
   * @throws IllegalArgumentException if it is out of bounds
   */
  public int normalizeAxis(int axis) {
    if (axis < -rank() || axis >= rank()) {
      throw new IllegalArgumentException("Axis " + axis + " is outside shape " + this);
    }
    return axis < 0 ? axis + rank() : axis;
  }

  /**
   * Returns the number of elements between two neighbours along the axis: the product of the sizes
   * after it.
   */
  public long stride(int axis) {
    long stride = 1;
    for (int i = axis + 1; i < rank(); i++) {
      stride *= dims.get(i);
    }
    return stride;
  }

  /** Returns this shape with one more, outermost, dimension. */
  public Shape batched(long batch) {
    List<Long> all = new ArrayList<>(rank() + 1);
    all.add(batch);
    all.addAll(dims);
    return new Shape(all);
  }

  public long[] toArray() {
    return dims.stream().mapToLong(Long::longValue).toArray();
  }

  @Override
  public String toString() {
    return dims.stream().map(String::valueOf).collect(Collectors.joining(", ", "[", "]"));
  }
}
