package dev.tare.jobs.evaluate;

import dev.tare.jobs.Shared;
import dev.tare.jobs.SparkJobs;
import dev.tare.jobs.artifact.Sensitivity;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Function;
import org.apache.spark.api.java.function.MapPartitionsFunction;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.functions;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/** Distributes variants of a model over executors, whose tasks score each on the same samples. */
final class VariantJob {

  private static final StructType SCHEMA =
      new StructType()
          .add("variant", DataTypes.StringType, false)
          .add("sqnr_db", DataTypes.DoubleType, false)
          .add("cosine", DataTypes.DoubleType, false);

  private VariantJob() {}

  /** Makes the row that a task returns for a variant. */
  static Row row(String variant, Sensitivity.Score score) {
    return RowFactory.create(variant, score.sqnrDb(), score.cosineMean());
  }

  /** Encoded samples by their hashes, so that sums over them are the same for any partitions. */
  static List<byte[]> inOrder(Dataset<Row> samples) {
    return encoded(samples.select("hash", "sample").orderBy("hash"));
  }

  /** The samples with the lowest hashes, in their order. */
  static List<byte[]> lowest(Dataset<Row> samples, int most) {
    return encoded(samples.select("hash", "sample").orderBy("hash").limit(most));
  }

  private static List<byte[]> encoded(Dataset<Row> ordered) {
    List<byte[]> encoded = new ArrayList<>();
    ordered.collectAsList().forEach(row -> encoded.add(row.getAs("sample")));
    return encoded;
  }

  /**
   * Runs a job over the names of variants.
   *
   * @param sent what every task reads
   * @param task makes of names rows by {@link #row}
   * @return a score for each name
   */
  static <T extends Serializable> SortedMap<String, Sensitivity.Score> scores(
      SparkSession spark,
      List<String> variants,
      T sent,
      Function<Broadcast<Shared<T>>, MapPartitionsFunction<String, Row>> task) {
    SortedMap<String, Sensitivity.Score> scores = new TreeMap<>();
    List<Row> rows =
        SparkJobs.sharing(
            spark,
            sent,
            shared ->
                spark
                    .createDataset(variants, Encoders.STRING())
                    .repartition(SparkJobs.parallelism(spark), functions.col("value"))
                    .mapPartitions(task.apply(shared), Encoders.row(SCHEMA))
                    .collectAsList());
    for (Row row : rows) {
      scores.put(row.getString(0), new Sensitivity.Score(row.getDouble(1), row.getDouble(2)));
    }
    return scores;
  }
}
