package dev.tare.engine.graph;

import dev.tare.engine.tensor.Tensor;
import java.util.List;

/** The constant weights of a model: what planning needs to know of a graph. */
public interface ModelGraph {

  /** Every operator with a constant weight, in graph order. */
  List<QuantizableNode> nodes();

  /** Every operator that takes rows of a constant table, in graph order. */
  default List<EmbeddingNode> embeddings() {
    return List.of();
  }

  /**
   * Every operator with a constant weight inside bodies of If, Loop and Scan, outermost first.
   *
   * <p>What such a node reads cannot be observed, so only its weight can be quantized, in mode
   * weight-only. Names are unique in the model: those of nodes and of tensors that a body defines
   * stand behind the path of the body, as in {@code If#3/then_branch/MatMul#0}; those captured from
   * the main graph are plain.
   */
  default List<QuantizableNode> inSubgraphs() {
    return List.of();
  }

  /**
   * Every floating-point constant that an operator reads, in bodies too, in the order in which they
   * are first read, by the names of {@link #inSubgraphs}; costs a walk through the model.
   */
  default List<FloatConstant> floatConstants() {
    return List.of();
  }

  /**
   * Every operator of the main graph that multiplies like those of {@link #nodes}, which leaves it
   * out, and why.
   */
  default List<SkippedNode> skipped() {
    return List.of();
  }

  /** What can be observed; costs a walk through the main graph. */
  default Activations activations() {
    return Activations.NONE;
  }

  /** The main graph as a whole; costs a walk through it. */
  default Topology topology() {
    return Topology.NONE;
  }

  /**
   * A constant tensor by the name that nodes or embeddings here give it, wherever the model keeps
   * it (initializer or Constant node).
   *
   * @throws IllegalArgumentException if there is no constant of that name
   */
  Tensor constant(String name);
}
