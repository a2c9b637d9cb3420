package dev.tare.engine.graph;

import dev.tare.engine.observe.Patches;
import dev.tare.engine.tensor.Tensor;
import java.util.List;
import java.util.Map;

/**
 * A model's graph as planning needs it: operators, their constant weights, tables and other
 * constants.
 */
public interface ModelGraph {

  /** Returns every operator with a constant weight, in graph order. */
  List<QuantizableNode> nodes();

  /** Returns every operator that looks up rows of a constant table, in graph order. */
  default List<EmbeddingNode> embeddings() {
    return List.of();
  }

  /**
   * Returns every operator with a constant weight inside bodies of If, Loop and Scan, outermost
   * first.
   *
   * <p>What such a node reads cannot be observed, so only its weight can be quantized, in mode
   * weight-only. Names are unique in the model: nodes and tensors defined in a body are prefixed
   * with the path of the body, as in {@code If#3/then_branch/MatMul#0}; those captured from the
   * main graph are not.
   */
  default List<QuantizableNode> inSubgraphs() {
    return List.of();
  }

  /**
   * Returns every floating-point constant that an operator reads, also in bodies, in the order in
   * which they are first read, named as in {@link #inSubgraphs}; costs a walk through the model.
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

  /**
   * What the convolutions without groups among {@link #nodes} multiply of their inputs, by name of
   * the node; for calibration, which has vectors of their values multiplied.
   */
  default Map<String, Patches> patches() {
    return Map.of();
  }

  /**
   * Results of attention, by name, whose channels are those of its values; costs a walk through the
   * main graph.
   */
  default Map<String, AttentionResult> attention() {
    return Map.of();
  }

  /** What can be observed; costs a walk through the main graph. */
  default Activations activations() {
    return Activations.NONE;
  }

  /** Returns the main graph as a whole; costs a walk through it. */
  default Topology topology() {
    return Topology.NONE;
  }

  /**
   * Returns a constant tensor by the name that nodes or embeddings give it, wherever the model
   * stores it (initializer or Constant node).
   *
   * @throws IllegalArgumentException if there is no constant of that name
   */
  Tensor constant(String name);
}
