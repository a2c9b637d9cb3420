package dev.tare.jobs.drift;

import dev.tare.engine.plan.QuantPlan;
import dev.tare.engine.plan.QuantPlanJson;
import dev.tare.engine.plan.SmoothedInput;
import dev.tare.engine.statistics.Drift;
import dev.tare.jobs.SparkJobs;
import dev.tare.jobs.table.StatisticsStore;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.KeyValueGroupedDataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.functions;

/**
 * Compares two tables of statistics tensor by tensor, on the executors: the driver receives a row
 * of figures per tensor, never its bins.
 */
public final class DriftJob {

  private final SparkSession spark;

  public DriftJob(SparkSession spark) {
    this.spark = spark;
  }

  /**
   * Compares the distributions of every tensor that both tables have, and of the inputs that the
   * plan smooths, under their names in the plan, where both have histograms of their channels.
   *
   * @param baseline statistics table that the scales were selected from
   * @param current statistics table of new data, of the same model
   * @param plan the published scales; empty to compare only distributions
   * @return the comparison, and the tensors that only one side has
   */
  public DriftResult run(Path baseline, Path current, Optional<QuantPlan> plan) {
    SparkJobs.describe(spark, "drift: compare the statistics of every tensor");
    List<SmoothedInput> smoothed = plan.map(QuantPlan::smoothed).orElse(List.of());
    try {
      List<Row> rows =
          byTensor(baseline, smoothed)
              .cogroup(
                  byTensor(current, smoothed),
                  new CompareTensor(
                      plan.map(PublishedScale::of).orElseGet(TreeMap::new),
                      QuantPlanJson.formatSmoothed(smoothed)),
                  Encoders.row(CompareTensor.SCHEMA))
              .collectAsList();
      return result(rows);
    } finally {
      SparkJobs.describe(spark, null);
    }
  }

  /** The row of each whole tensor, and those of channels where the plan smooths the tensor. */
  private KeyValueGroupedDataset<String, Row> byTensor(
      Path statistics, List<SmoothedInput> smoothed) {
    Object[] tensors = smoothed.stream().map(SmoothedInput::tensor).distinct().toArray();
    Dataset<Row> rows =
        StatisticsStore.read(spark, statistics)
            .where(functions.col("channel").isNull().or(functions.col("tensor").isin(tensors)));
    return StatisticsStore.groupedBy(functions.col("tensor"), rows);
  }

  private static DriftResult result(List<Row> rows) {
    List<TensorDrift> compared = new ArrayList<>();
    SortedMap<String, String> oneSided = new TreeMap<>();
    for (Row row : rows) {
      String tensor = row.getString(0);
      if (row.isNullAt(1) && row.isNullAt(2)) {
        // A smoothed input of whose channels neither side has histograms.
        oneSided.put(tensor, DriftResult.NEITHER);
      } else if (row.isNullAt(1)) {
        oneSided.put(tensor, "current");
      } else if (row.isNullAt(2)) {
        oneSided.put(tensor, "baseline");
      } else {
        Drift drift =
            new Drift(row.getDouble(3), row.getDouble(4), row.getDouble(5), row.getDouble(6));
        Optional<TensorDrift.Fit> fit =
            row.isNullAt(7)
                ? Optional.empty()
                : Optional.of(
                    new TensorDrift.Fit(
                        row.getDouble(7), row.getDouble(8), row.getDouble(9), row.getDouble(10)));
        compared.add(new TensorDrift(tensor, row.getLong(1), row.getLong(2), drift, fit));
      }
    }
    compared.sort(
        Comparator.comparingDouble((TensorDrift t) -> -t.drift().psi())
            .thenComparing(TensorDrift::tensor));
    return new DriftResult(compared, oneSided, List.of());
  }
}
