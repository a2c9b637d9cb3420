package dev.tare.jobs.model;

import dev.tare.engine.graph.GraphNode;
import dev.tare.jobs.TareException;
import java.io.IOException;
import java.util.List;
import org.apache.hadoop.conf.Configuration;

/** The operators of a model in the order in which it computes them. */
public final class OperatorOrder {

  private OperatorOrder() {}

  /**
   * Returns the names of the operators of a model's main graph. Cost: reads the model's own file.
   *
   * @return empty if the file is of a format without a graph
   * @throws TareException (bad input) if it is damaged
   */
  public static List<String> of(String location, Configuration hadoop) throws IOException {
    return ModelHandle.openUnchecked(location, hadoop).parse().graph().topology().nodes().stream()
        .map(GraphNode::node)
        .toList();
  }
}
