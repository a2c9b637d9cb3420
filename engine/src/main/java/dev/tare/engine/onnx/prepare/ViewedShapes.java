package dev.tare.engine.onnx.prepare;

import dev.tare.engine.tensor.Shape;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;

/**
 * Output shapes of Squeeze, Unsqueeze, Flatten and Reshape; empty if the standard does not allow
 * it.
 */
final class ViewedShapes {

  private ViewedShapes() {}

  /** Removes the axes, or all of size 1 if none is named. */
  static Optional<Shape> squeezed(Shape from, List<Long> axes) {
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

  /** Adds axes of size 1, counted in the result. */
  static Optional<Shape> unsqueezed(Shape from, List<Long> axes) {
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

  /** Flattens to a matrix: the axes before one, and those from it on. */
  static Optional<Shape> flattened(Shape from, long axis) {
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

  /**
   * Returns the output shape of Reshape.
   *
   * @param zeros whether a 0 is a size; otherwise it copies the input's size
   */
  static Optional<Shape> reshaped(Shape from, List<Long> wanted, boolean zeros) {
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
    // A size that does not divide evenly is refused by the runtime.
    return (open >= 0 ? known * dims.get(open) : known) == from.size() && from.size() > 0
        ? Optional.of(new Shape(dims))
        : Optional.empty();
  }
}
