package dev.tare.jobs.input;

import dev.tare.engine.infer.BatchAxes;
import dev.tare.engine.tensor.DType;
import dev.tare.engine.tensor.Dim;
import dev.tare.engine.tensor.Shape;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * Type and shape of one input of a model.
 *
 * @param name the model's name of the input
 * @param dtype element type
 * @param dims sizes, outermost first, without the batch dimension if there is one; empty for one
 *     value per sample
 * @param batchAxis the axis of the batch dimension, or {@link BatchAxes#NONE}
 */
public record InputSpec(String name, DType dtype, List<Dim> dims, int batchAxis)
    implements Serializable {

  public InputSpec {
    if (name.isEmpty()) {
      throw new IllegalArgumentException("Invalid model input: empty name");
    }
    // An ArrayList, since Kryo cannot write the lists of List.copyOf.
    dims = Collections.unmodifiableList(new ArrayList<>(dims));
  }

  /** An input whose batch dimension comes first. */
  public static InputSpec of(String name, DType dtype, Dim... dims) {
    return new InputSpec(name, dtype, List.of(dims), 0);
  }

  /**
   * An input of a model.
   *
   * @param dims all of them, the batch dimension among them
   */
  public static InputSpec of(String name, DType dtype, List<Dim> dims, int batchAxis) {
    List<Dim> own = new ArrayList<>(dims);
    if (batchAxis != BatchAxes.NONE) {
      own.remove(batchAxis);
    }
    return new InputSpec(name, dtype, own, batchAxis);
  }

  public int rank() {
    return dims.size();
  }

  /**
   * Another rank that rows may have: with the batch dimension of an inner axis, which is 1 in a
   * row, or without the only dimension of a whole input, if that can be 1.
   */
  OptionalInt otherRank() {
    if (batchAxis > 0) {
      return OptionalInt.of(rank() + 1);
    }
    return batchAxis == BatchAxes.NONE && single().isPresent()
        ? OptionalInt.of(rank() - 1)
        : OptionalInt.empty();
  }

  private OptionalInt single() {
    OptionalInt single = OptionalInt.empty();
    for (int axis = 0; axis < rank(); axis++) {
      if (!(dims.get(axis) instanceof Dim.Fixed fixed) || fixed.size() == 1) {
        if (single.isPresent()) {
          return OptionalInt.empty();
        }
        single = OptionalInt.of(axis);
      }
    }
    return single;
  }

  /**
   * Converts the shape of a row to that of a sample; a shape that does not fit is returned
   * unchanged.
   */
  Shape sampleShape(Shape row) {
    List<Long> sizes = new ArrayList<>(row.dims());
    if (batchAxis > 0 && row.rank() == rank() + 1 && row.dim(batchAxis) == 1) {
      sizes.remove(batchAxis);
    } else if (batchAxis == BatchAxes.NONE && row.rank() == rank() - 1 && single().isPresent()) {
      sizes.add(single().getAsInt(), 1L);
    }
    return new Shape(sizes);
  }

  /** The shape of every sample, if all sizes are numbers. */
  public Optional<Shape> fixedShape() {
    List<Long> sizes = new ArrayList<>();
    for (Dim dim : dims) {
      if (!(dim instanceof Dim.Fixed fixed)) {
        return Optional.empty();
      }
      sizes.add(fixed.size());
    }
    return Optional.of(new Shape(sizes));
  }

  /** Type and sizes as errors quote them, as in {@code INT64 [sequence]}. */
  public String describe() {
    boolean whole = batchAxis == BatchAxes.NONE && rank() > 0 && dims.get(0) instanceof Dim.Fixed;
    return dtype
        + " "
        + dims
        + (whole ? " as a whole, with its first or batch dimension fixed to " + dims.get(0) : "");
  }
}
