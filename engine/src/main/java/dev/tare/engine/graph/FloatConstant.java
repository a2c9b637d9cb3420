package dev.tare.engine.graph;

import dev.tare.engine.tensor.DType;
import dev.tare.engine.tensor.Shape;
import java.util.List;
import java.util.Optional;

/**
 * A floating-point constant of a model, of any type and wherever it is read.
 *
 * @param name by which {@link ModelGraph#constant} finds it
 * @param dtype type of its elements
 * @param shape shape as stored
 * @param readers operators that read it, in graph order, each once
 */
public record FloatConstant(String name, DType dtype, Shape shape, List<Reader> readers) {

  /**
   * An operator that reads it.
   *
   * @param node name, unique in the model
   * @param opType type; prefixed with the domain and a dot unless it is the standard domain
   * @param input position among the node's inputs
   * @param reason why the graph allows no quantized weight there; empty if nothing prevents it, or
   *     if the operator's type already does
   * @param arithmetic whether the constant is a term, factor or bound, as numbers per channel are
   */
  public record Reader(
      String node, String opType, int input, Optional<String> reason, boolean arithmetic) {}

  /** A vector with fewer numbers is negligible, whatever reads it. */
  private static final int SMALL_VECTOR = 256;

  public FloatConstant {
    readers = List.copyOf(readers);
  }

  /**
   * Whether it is a scalar, or a vector such as biases and factors of channels, which a plan need
   * not list one by one.
   */
  public boolean isVector() {
    long extents = shape.dims().stream().filter(dim -> dim > 1).count();
    return extents < 2
        && (shape.size() < SMALL_VECTOR || readers.stream().allMatch(Reader::arithmetic));
  }
}
