package dev.tare.jobs.table;

import dev.tare.engine.recipe.TensorPlan;
import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.function.IntFunction;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.functions;

/** Reads quantized constants back from their table. */
public final class WeightStore {

  private static final long PARTITION_BYTES = 16L << 20;

  private WeightStore() {}

  /**
   * The integers of every constant by name, a few slices at a time: the driver's heap need not hold
   * them all.
   *
   * @param folder the table of slices
   * @param constants their plans
   * @param memory gives a zeroed buffer of so many bytes for each constant
   */
  public static Map<String, ByteBuffer> read(
      SparkSession spark, Path folder, List<TensorPlan> constants, IntFunction<ByteBuffer> memory) {
    Map<String, ByteBuffer> codes = new HashMap<>();
    constants.forEach(
        p -> codes.put(p.tensor(), memory.apply(Math.toIntExact(WeightTables.bytes(p)))));
    long bytes = constants.stream().mapToLong(WeightTables::bytes).sum();
    Dataset<Row> rows =
        CheckedParquet.read(spark, WeightTables.WEIGHTS_SCHEMA, folder)
            .select("tensor", "offset", "data")
            // The driver takes a partition at a time, whole, and copies it while it is unpacked.
            .repartition(
                Math.toIntExact(bytes / PARTITION_BYTES + 1),
                functions.col("tensor"),
                functions.col("offset"));
    for (Iterator<Row> it = rows.toLocalIterator(); it.hasNext(); ) {
      Row row = it.next();
      byte[] data = row.getAs("data");
      codes.get(row.<String>getAs("tensor")).put(Math.toIntExact(row.<Long>getAs("offset")), data);
    }
    return codes;
  }
}
