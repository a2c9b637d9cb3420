package dev.tare.jobs.relation;

import java.util.Optional;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan;

/** Where Spark 4 keeps the plan of a query. */
final class QueryPlan {

  private QueryPlan() {}

  /** The plan, unless a server has it. */
  static Optional<LogicalPlan> of(Dataset<Row> query) {
    return query instanceof org.apache.spark.sql.classic.Dataset<Row> planned
        ? Optional.of(planned.logicalPlan())
        : Optional.empty();
  }
}
