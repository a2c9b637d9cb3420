package dev.tare.engine.pass;

import dev.tare.engine.graph.ModelGraph;
import dev.tare.engine.statistics.TensorStatistics;
import java.util.Optional;
import java.util.function.Function;

/**
 * A change of weights and graph that follows from statistics, such as moving the spread of an
 * activation into the weights that it is multiplied by.
 *
 * <p>Laws: in exact arithmetic the changed model computes the same as the model; equal arguments
 * give equal bits; and the record is enough to know what was done.
 */
public interface Pass {

  /** The name by which recipes and plans refer to the pass. */
  String name();

  /**
   * Computes the changes; nothing is changed here.
   *
   * @param graph the prepared model, to which the names of plans refer
   * @param statistics returns the statistics of a tensor of the float model; empty if it was not
   *     observed
   * @throws IllegalArgumentException if the statistics lack what the pass needs; the message names
   *     the tensor
   */
  PassResult apply(ModelGraph graph, Function<String, Optional<TensorStatistics>> statistics);
}
