package dev.tare.jobs.report;

import dev.tare.engine.plan.TensorPlan;
import dev.tare.engine.quant.QuantType;
import dev.tare.engine.recipe.Role;
import dev.tare.jobs.TareException;
import dev.tare.jobs.table.CheckedParquet;
import dev.tare.jobs.table.ConstantKey;
import dev.tare.jobs.table.WeightTables;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.LongStream;
import org.apache.hadoop.fs.Path;
import org.apache.spark.api.java.function.MapPartitionsFunction;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/** Counts the integers of quantized weights, on the executors. */
final class CodeScan {

  private static final StructType COUNTS =
      new StructType()
          .add("tensor", DataTypes.StringType, false)
          .add("counts", DataTypes.createArrayType(DataTypes.LongType, false), false);

  private CodeScan() {}

  /**
   * Counts how often integers occur in each weight, in columns of equal width from the lowest to
   * the highest that its plan allows. Weights of floating-point types are left out.
   */
  static Map<String, List<Long>> counts(
      SparkSession spark, Path weights, List<TensorPlan> plans, int columns) {
    HashMap<String, long[]> limits = new HashMap<>();
    for (TensorPlan plan : plans) {
      QuantType type = plan.type();
      if (plan.role() == Role.WEIGHT && plan.quantized() && type.isInteger()) {
        limits.put(
            plan.tensor(),
            new long[] {
              type.dtype().bits(),
              type.signed() ? 1 : 0,
              plan.limits().qmin(),
              plan.limits().levels(),
              plan.shape().orElseThrow().size(),
              WeightTables.bytes(plan)
            });
      }
    }
    String place = weights.toString();
    Dataset<Row> counted =
        CheckedParquet.read(spark, WeightTables.WEIGHTS_SCHEMA, weights)
            .mapPartitions(
                (MapPartitionsFunction<Row, Row>) rows -> count(rows, limits, columns, place),
                Encoders.row(COUNTS));
    Map<String, long[]> sums = new TreeMap<>();
    // In one job: an iterator would run one for each partition, one after the other.
    for (Row row : counted.collectAsList()) {
      List<Long> part = row.getList(1);
      long[] sum = sums.computeIfAbsent(row.getString(0), t -> new long[part.size()]);
      for (int i = 0; i < sum.length; i++) {
        sum[i] += part.get(i);
      }
    }
    limits.forEach(
        (tensor, limit) -> {
          long counts = LongStream.of(sums.getOrDefault(tensor, new long[0])).sum();
          if (counts != limit[4]) {
            throw TareException.badInput(
                "The table of weights in %s has %d integers of tensor '%s', but its plan gives %d"
                    .formatted(weights, counts, tensor, limit[4]));
          }
        });
    Map<String, List<Long>> found = new TreeMap<>();
    sums.forEach(
        (tensor, sum) -> {
          List<Long> list = new ArrayList<>(sum.length);
          for (long count : sum) {
            list.add(count);
          }
          found.put(tensor, list);
        });
    return found;
  }

  private static Iterator<Row> count(
      Iterator<Row> rows, Map<String, long[]> limits, int columns, String place) {
    Map<String, long[]> counts = new TreeMap<>();
    while (rows.hasNext()) {
      Row row = rows.next();
      ConstantKey key = WeightTables.key(row, new Path(place));
      long[] limit = key.role() == Role.WEIGHT ? limits.get(key.tensor()) : null;
      if (limit != null) {
        int width = (int) Math.min(columns, limit[3]);
        byte[] data = row.getAs("data");
        long offset = row.<Long>getAs("offset");
        boolean inside = offset >= 0 && offset <= limit[5] - data.length;
        if (!inside
            || !add(
                data, offset, limit, counts.computeIfAbsent(key.tensor(), t -> new long[width]))) {
          throw TareException.badInput(
              "The table of weights in %s contradicts the plan of tensor '%s': %d bytes at %d %s"
                  .formatted(
                      place,
                      key.tensor(),
                      data.length,
                      offset,
                      inside ? "hold integers that the plan leaves out" : "lie outside of it"));
        }
      }
    }
    List<Row> made = new ArrayList<>();
    counts.forEach((tensor, sums) -> made.add(RowFactory.create(tensor, sums)));
    return made.iterator();
  }

  /** False if there is an integer that the plan does not allow. */
  private static boolean add(byte[] data, long offset, long[] limit, long[] sums) {
    int bits = (int) limit[0];
    boolean signed = limit[1] == 1;
    // The last byte of 4-bit integers may contain only one.
    long first = offset * 8 / bits;
    int size = (int) Math.min(data.length * 8L / bits, limit[4] - first);
    for (int i = 0; i < size; i++) {
      long above = code(data, i, bits, signed) - limit[2];
      if (above < 0 || above >= limit[3]) {
        return false;
      }
      sums[(int) (above * sums.length / limit[3])]++;
    }
    return true;
  }

  private static int code(byte[] data, int index, int bits, boolean signed) {
    int raw =
        switch (bits) {
          case 4 -> data[index / 2] >> (index % 2 == 0 ? 0 : 4) & 0xf;
          case 8 -> data[index] & 0xff;
          default -> (data[2 * index] & 0xff) | (data[2 * index + 1] & 0xff) << 8;
        };
    return signed ? raw << (32 - bits) >> (32 - bits) : raw;
  }
}
