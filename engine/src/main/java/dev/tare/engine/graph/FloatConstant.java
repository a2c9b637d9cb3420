package dev.tare.engine.graph;

import dev.tare.engine.tensor.DType;
import dev.tare.engine.tensor.Shape;
import java.util.List;
import java.util.Optional;

/**
 * A floating-point constant of a model, of any type and wherever it is read.
 *
 * @param name as {@link ModelGraph#constant} takes it
 * @param dtype type of its elements
 * @param shape shape as stored
 * @param readers operators that read it, in graph order, each once
 */
public record FloatConstant(String name, DType dtype, Shape shape, List<Reader> readers) {

  /**
   * An operator that reads it.
   *
   * @param node name, unique in the model
   * @param opType type; of other domains than the standard one, with the domain before a dot
   * @param input position among the node's inputs
   * @param reason why the graph lets the operator have no quantized weight there; empty where the
   *     type of the operator says so, or nothing does
   * @param arithmetic whether it adds, scales or cuts with the constant, as with the numbers of
   *     channels
   */
  public record Reader(
      String node, String opType, int input, Optional<String> reason, boolean arithmetic) {}

  /** A vector with fewer numbers weighs nothing, whoever reads it. */
  private static final int SMALL_VECTOR = 256;

  public FloatConstant {
    readers = List.copyOf(readers);
  }

  /**
   * Whether it is a vector or scalar as biases and factors of channels are: what a plan need not
   * speak of one by one.
   */
  public boolean isVector() {
    long extents = shape.dims().stream().filter(dim -> dim > 1).count();
    return extents < 2
        && (shape.size() < SMALL_VECTOR || readers.stream().allMatch(Reader::arithmetic));
  }
}
