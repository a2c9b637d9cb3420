package dev.tare.engine.model;

import dev.tare.engine.tensor.DType;
import dev.tare.engine.tensor.Dim;
import java.util.List;
import java.util.Optional;

/**
 * An input or output as declared by a model.
 *
 * @param name tensor name
 * @param dtype element type; empty if none is declared, or if it is not a dense tensor of a type in
 *     {@link DType}
 * @param dims dimensions, outermost first; empty if the rank is not declared
 */
public record TensorInfo(String name, Optional<DType> dtype, Optional<List<Dim>> dims) {

  public TensorInfo {
    dims = dims.map(List::copyOf);
  }
}
