package dev.tare.engine.model;

import dev.tare.engine.tensor.DType;
import dev.tare.engine.tensor.Dim;
import java.util.List;
import java.util.Optional;

/**
 * An input or output of a model as it declares it.
 *
 * @param name tensor name
 * @param dtype element type; empty where none is declared, or where it is no dense tensor of a type
 *     that {@link DType} knows
 * @param dims dimensions, outermost first; empty where not even the rank is declared
 */
public record TensorInfo(String name, Optional<DType> dtype, Optional<List<Dim>> dims) {

  public TensorInfo {
    dims = dims.map(List::copyOf);
  }
}
