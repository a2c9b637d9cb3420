package dev.tare.jobs.relation;

import java.util.Optional;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan;

/** Where Spark 3.5 keeps the plan of a query. */
final class QueryPlan {

  private QueryPlan() {}

  /** The plan: a client of Spark Connect has another class of the same name. */
  static Optional<LogicalPlan> of(Dataset<Row> query) {
    return Optional.of(query.logicalPlan());
  }
}
