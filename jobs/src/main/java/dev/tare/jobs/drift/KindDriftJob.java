package dev.tare.jobs.drift;

import dev.tare.engine.statistics.GramMatrix;
import dev.tare.engine.statistics.StateKind;
import dev.tare.jobs.SparkJobs;
import dev.tare.jobs.TareException;
import dev.tare.jobs.storage.FinishedRun;
import dev.tare.jobs.table.CheckedParquet;
import dev.tare.jobs.table.GramTable;
import dev.tare.jobs.table.MomentsTable;
import dev.tare.jobs.table.StatisticsCheck;
import dev.tare.jobs.table.StatisticsStore;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Iterator;
import java.util.List;
import java.util.OptionalInt;
import org.apache.hadoop.fs.Path;
import org.apache.spark.api.java.function.CoGroupFunction;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.KeyValueGroupedDataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.functions;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/**
 * Compares moments and Gram matrices of two runs, where both have them; the driver receives a row
 * for each tensor or matrix.
 */
final class KindDriftJob {

  private static final StructType CHANGE =
      new StructType()
          .add("tensor", DataTypes.StringType, false)
          .add("change", DataTypes.DoubleType, false);

  private final SparkSession spark;

  KindDriftJob(SparkSession spark) {
    this.spark = spark;
  }

  /**
   * Returns the changes of all kinds, of each the farthest first, then by name.
   *
   * @throws TareException (bad input) if a table is not the one that its manifest states
   */
  List<KindDrift> run(FinishedRun baseline, FinishedRun current) throws IOException {
    List<KindDrift> all = new ArrayList<>();
    if (both(StateKind.MOMENTS, baseline, current)) {
      all.addAll(
          means(verified(StateKind.MOMENTS, baseline), verified(StateKind.MOMENTS, current)));
    }
    if (both(StateKind.GRAM, baseline, current)) {
      all.addAll(products(verified(StateKind.GRAM, baseline), verified(StateKind.GRAM, current)));
    }
    SparkJobs.describe(spark, null);
    all.sort(
        Comparator.comparing(KindDrift::kind)
            .thenComparing(each -> -each.moved())
            .thenComparing(KindDrift::tensor));
    return all;
  }

  private static boolean both(StateKind kind, FinishedRun one, FinishedRun other) {
    return one.has(StatisticsStore.part(kind)) && other.has(StatisticsStore.part(kind));
  }

  private Path verified(StateKind kind, FinishedRun run) throws IOException {
    return StatisticsCheck.verified(kind, spark, run);
  }

  private List<KindDrift> means(Path baseline, Path current) {
    SparkJobs.describe(spark, "drift: compare the means of every tensor");
    Dataset<Row> then = moments(baseline, "then");
    Dataset<Row> now = moments(current, "now");
    Column same =
        then.col("tensor")
            .equalTo(now.col("tensor"))
            .and(then.col("channel").eqNullSafe(now.col("channel")));
    Column step = functions.abs(now.col("mean").minus(then.col("mean")));
    Column moved =
        functions
            .when(step.equalTo(0), 0.0)
            .otherwise(
                functions
                    .when(then.col("variance").equalTo(0), Double.POSITIVE_INFINITY)
                    .otherwise(step.divide(functions.sqrt(then.col("variance")))));
    List<KindDrift> farthest = new ArrayList<>();
    then.join(now, same)
        .select(then.col("tensor"), then.col("channel"), moved.as("moved"))
        .filter(functions.col("moved").isNotNull())
        .groupBy("tensor")
        // Of equally far ones the whole tensor, then the first channel.
        .agg(
            functions.max(
                functions.struct(
                    functions.col("moved"),
                    functions
                        .negate(functions.coalesce(functions.col("channel"), functions.lit(-1)))
                        .as("place"))))
        .collectAsList()
        .forEach(
            row -> {
              Row most = row.getStruct(1);
              int channel = -most.getInt(1);
              farthest.add(
                  new KindDrift(
                      StateKind.MOMENTS,
                      row.getString(0),
                      channel < 0 ? OptionalInt.empty() : OptionalInt.of(channel),
                      most.getDouble(0)));
            });
    return farthest;
  }

  private Dataset<Row> moments(Path folder, String alias) {
    return CheckedParquet.read(spark, MomentsTable.SCHEMA, folder)
        .select("tensor", "channel", "mean", "variance")
        .alias(alias);
  }

  private List<KindDrift> products(Path baseline, Path current) {
    SparkJobs.describe(spark, "drift: compare the Gram matrices");
    List<KindDrift> changes = new ArrayList<>();
    grams(baseline)
        .cogroup(
            grams(current),
            (CoGroupFunction<String, Row, Row, Row>) KindDriftJob::change,
            Encoders.row(CHANGE))
        .collectAsList()
        .forEach(
            row ->
                changes.add(
                    new KindDrift(
                        StateKind.GRAM, row.getString(0), OptionalInt.empty(), row.getDouble(1))));
    return changes;
  }

  private KeyValueGroupedDataset<String, Row> grams(Path folder) {
    return StatisticsStore.groupedBy(
        functions.col("tensor"), CheckedParquet.read(spark, GramTable.SCHEMA, folder));
  }

  private static Iterator<Row> change(String matrix, Iterator<Row> then, Iterator<Row> now) {
    if (!then.hasNext() || !now.hasNext()) {
      return List.<Row>of().iterator();
    }
    GramMatrix before = GramTable.matrix(matrix, then);
    try {
      double change = GramTable.matrix(matrix, now).change(before);
      return List.of(RowFactory.create(matrix, change)).iterator();
    } catch (IllegalArgumentException e) {
      throw TareException.badInput(e.getMessage(), e);
    }
  }
}
