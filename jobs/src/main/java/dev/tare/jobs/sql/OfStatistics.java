package dev.tare.jobs.sql;

import java.util.Optional;
import org.apache.spark.sql.catalyst.InternalRow;

/** A function whose first argument is a struct of statistics. */
interface OfStatistics extends NullSafe {

  /** Positions of the columns in the struct. */
  StatisticsColumns columns();

  @Override
  default Optional<String> tensor(InternalRow arguments) {
    return columns().text(columns().struct(arguments, 0), "tensor");
  }
}
