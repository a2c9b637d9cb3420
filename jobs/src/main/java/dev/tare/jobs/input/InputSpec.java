package dev.tare.jobs.input;

import dev.tare.engine.tensor.DType;
import dev.tare.engine.tensor.Dim;
import dev.tare.engine.tensor.Shape;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;

/**
 * What a model wants as one of its inputs.
 *
 * @param name the model's name of the input
 * @param dtype element type
 * @param dims sizes, outermost first, without the batch dimension; empty for one value per sample
 */
public record InputSpec(String name, DType dtype, List<Dim> dims) implements Serializable {

  public InputSpec {
    if (name.isEmpty()) {
      throw new IllegalArgumentException("Invalid model input: empty name");
    }
    // An ArrayList, since Kryo cannot write the lists of List.copyOf.
    dims = Collections.unmodifiableList(new ArrayList<>(dims));
  }

  public static InputSpec of(String name, DType dtype, Dim... dims) {
    return new InputSpec(name, dtype, List.of(dims));
  }

  public int rank() {
    return dims.size();
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
    return dtype + " " + dims;
  }
}
