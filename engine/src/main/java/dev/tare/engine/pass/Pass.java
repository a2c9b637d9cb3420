package dev.tare.engine.pass;

import dev.tare.engine.graph.ModelGraph;
import dev.tare.engine.statistics.TensorStatistics;
import java.util.Optional;
import java.util.function.Function;

/**
 * A change of weights and graph that follows from statistics, such as moving the spread of an
 * activation into the weights that it is multiplied by.
 *
 * <p>Laws: the changed model computes what the model did, in exact arithmetic; equal arguments give
 * equal bits; and what was done can be told from the record alone.
 */
public interface Pass {

  /** How recipes and plans call it. */
  String name();

  /**
   * What it would change.
   *
   * @param graph the model, prepared, as plans speak of it
   * @param statistics of a tensor of the float model; empty where it was not observed
   * @throws IllegalArgumentException if the statistics lack what the pass needs; the message names
   *     the tensor
   */
  PassResult apply(ModelGraph graph, Function<String, Optional<TensorStatistics>> statistics);
}
