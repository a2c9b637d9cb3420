package dev.tare.engine.recipe;

import dev.tare.engine.tensor.Tensor;
import java.util.List;

/** The constant weights of a model: what planning needs to know of a graph. */
public interface WeightSource {

  /** Every operator with a constant weight, in graph order. */
  List<QuantizableNode> nodes();

  /** Every operator that takes rows of a constant table, in graph order. */
  default List<EmbeddingNode> embeddings() {
    return List.of();
  }

  /**
   * A constant tensor by name, wherever the model keeps it (initializer or Constant node).
   *
   * @throws IllegalArgumentException if there is no constant of that name
   */
  Tensor constant(String name);
}
