package dev.tare.jobs.stage;

import java.io.IOException;
import org.apache.spark.sql.SparkSession;

/** Work that needs Spark. */
public interface SparkWork<T> {
  T run(SparkSession spark) throws IOException;
}
