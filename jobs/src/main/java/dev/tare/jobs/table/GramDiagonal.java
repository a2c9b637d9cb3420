package dev.tare.jobs.table;

import java.util.Iterator;
import java.util.Set;
import java.util.TreeMap;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.KeyValueGroupedDataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.functions;

/** The diagonals of Gram matrices: what is large in a tensor, without what goes together. */
public final class GramDiagonal {

  private GramDiagonal() {}

  /** One row for each channel of some tensors, by tensor. */
  public static KeyValueGroupedDataset<String, Row> of(
      SparkSession spark, Path folder, Set<String> tensors) {
    return StatisticsStore.groupedBy(
        functions.col("tensor"),
        GramTable.read(spark, folder, tensors)
            .select(
                functions.col("tensor"),
                functions.col("channel"),
                functions.col("count"),
                functions.col("scale_exponent"),
                functions.col("products").getItem(0).as("square")));
  }

  /** The mean square of each channel, from its rows in any order; 0 without any values. */
  public static double[] meanSquares(Iterator<Row> rows) {
    TreeMap<Integer, Double> byChannel = new TreeMap<>();
    rows.forEachRemaining(
        row -> {
          long count = row.getLong(2);
          double mean = count == 0 ? 0 : (double) row.getLong(4) / count;
          byChannel.put(row.getInt(1), Math.scalb(mean, 2 * row.getInt(3)));
        });
    return byChannel.values().stream().mapToDouble(square -> square).toArray();
  }
}
