package dev.tare.jobs.sql;

import org.apache.spark.sql.catalyst.InternalRow;

/** A function whose first argument is a struct of statistics. */
interface OfStatistics extends NullSafe {

  /** Positions of the columns in the struct. */
  StatisticsColumns columns();

  @Override
  default String tensor(InternalRow arguments) {
    return columns().text(columns().struct(arguments, 0), "tensor");
  }
}
