package dev.tare.jobs.table;

import dev.tare.engine.plan.TensorPlan;
import dev.tare.jobs.TareException;
import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
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
   * Reads the integers of every constant, a few slices at a time, so that they need not fit the
   * driver's heap.
   *
   * @param folder the table of slices
   * @param constants their plans
   * @param memory returns a zeroed buffer of a given size for each constant
   * @throws TareException (bad input) if the table has other constants than these, or not each of
   *     their bytes exactly once
   */
  public static Map<ConstantKey, ByteBuffer> read(
      SparkSession spark, Path folder, List<TensorPlan> constants, IntFunction<ByteBuffer> memory) {
    Map<ConstantKey, ByteBuffer> codes = new HashMap<>();
    Map<ConstantKey, SliceCover> covers = new LinkedHashMap<>();
    for (TensorPlan plan : constants) {
      codes.put(ConstantKey.of(plan), memory.apply(Math.toIntExact(WeightTables.bytes(plan))));
      covers.put(ConstantKey.of(plan), new SliceCover(plan));
    }
    long bytes = constants.stream().mapToLong(WeightTables::bytes).sum();
    Dataset<Row> rows =
        CheckedParquet.read(spark, WeightTables.WEIGHTS_SCHEMA, folder)
            // The driver receives a whole partition at a time, and copies it while it is unpacked.
            .repartition(
                Math.toIntExact(bytes / PARTITION_BYTES + 1),
                functions.col("tensor"),
                functions.col("offset"));
    for (Iterator<Row> it = rows.toLocalIterator(); it.hasNext(); ) {
      Row row = it.next();
      ConstantKey key = WeightTables.key(row, folder);
      if (!covers.containsKey(key)) {
        throw TareException.badInput(
            "The table of weights in %s has '%s' as %s, which is not in the plan"
                .formatted(folder, key.tensor(), key.role().name().toLowerCase(Locale.ROOT)));
      }
      covers.get(key).add(row);
      codes.get(key).put(Math.toIntExact(row.<Long>getAs("offset")), row.<byte[]>getAs("data"));
    }
    covers.values().forEach(SliceCover::requireWhole);
    return codes;
  }
}
