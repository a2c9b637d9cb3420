package dev.tare.jobs.table;

import dev.tare.engine.pass.GptqWeights;
import dev.tare.engine.statistics.BlockKey;
import dev.tare.engine.statistics.GramBlock;
import dev.tare.engine.statistics.GramMatrix;
import dev.tare.engine.statistics.GramRow;
import dev.tare.engine.statistics.MergeableState;
import dev.tare.jobs.TareException;
import dev.tare.jobs.artifact.Part;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.functions;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/**
 * The table of Gram matrices, format version 1: one row per channel of a tensor, with its products
 * from the channel itself on; a matrix is symmetric, so the others are in the rows of earlier
 * channels. Where memory is short, each row has only the product of the channel with itself.
 *
 * <p>A channel's code is {@code rint(x / 2^scale_exponent)} within -128 to 127; {@code saturated}
 * values were outside, or NaN. {@code sum} is the sum of {@code count} codes, {@code products[j]}
 * that of their products with the codes of channel {@code channel + j}. {@code scale_set} is the
 * SHA-256 of the exponents of all channels.
 */
public final class GramTable implements StateTable<GramTable.Cells> {

  public static final int FORMAT_VERSION = 1;

  public static final StructType SCHEMA =
      new StructType()
          .add("format_version", DataTypes.IntegerType, false)
          .add("run_id", DataTypes.StringType, false)
          .add("model_sha256", DataTypes.StringType, false)
          .add("tensor", DataTypes.StringType, false)
          .add("axis", DataTypes.IntegerType, true)
          .add("channel", DataTypes.IntegerType, true)
          .add("count", DataTypes.LongType, false)
          .add("saturated", DataTypes.LongType, false)
          .add("scale_exponent", DataTypes.IntegerType, false)
          .add("scale_set", DataTypes.StringType, false)
          .add("sum", DataTypes.LongType, false)
          .add("products", DataTypes.createArrayType(DataTypes.LongType, false), false);

  GramTable() {}

  /** A row, and what it repeats of its block. */
  record Cells(GramRow row, long count, String scaleSet) {}

  @Override
  public Part part() {
    return Part.GRAM;
  }

  @Override
  public StructType schema() {
    return SCHEMA;
  }

  @Override
  public int newestVersion() {
    return FORMAT_VERSION;
  }

  @Override
  public List<Row> toRows(MergeableState state, String runId, String modelSha256) {
    GramBlock block = (GramBlock) state;
    BlockKey key = block.key();
    List<Row> rows = new ArrayList<>(block.rows().size());
    for (int i = 0; i < block.rows().size(); i++) {
      GramRow row = block.rows().get(i);
      rows.add(
          RowFactory.create(
              FORMAT_VERSION,
              runId,
              modelSha256,
              key.tensor(),
              key.axis(),
              key.firstChannel() + i,
              block.count(),
              row.saturated(),
              row.exponent(),
              block.scaleSet(),
              row.sum(),
              row.products()));
    }
    return rows;
  }

  @Override
  public Cells read(Row row) {
    try {
      List<Long> cells = row.getList(row.fieldIndex("products"));
      long[] products = new long[cells.size()];
      for (int j = 0; j < products.length; j++) {
        products[j] = cells.get(j);
      }
      return new Cells(
          new GramRow(
              row.getAs("scale_exponent"), row.getAs("saturated"), row.getAs("sum"), products),
          row.getAs("count"),
          row.getAs("scale_set"));
    } catch (IllegalArgumentException e) {
      throw StatisticsTable.unreadable(row, e.getMessage());
    }
  }

  /**
   * Builds a tensor's matrix from all its rows, in any order.
   *
   * @throws TareException (bad input) if a row is of another format version, or rows are missing or
   *     contradict each other
   */
  public static GramMatrix matrix(String tensor, Iterator<Row> rows) {
    GramTable table = new GramTable();
    Map<Integer, GramRow> byChannel = new HashMap<>();
    long count = 0;
    while (rows.hasNext()) {
      Row row = rows.next();
      StatisticsTable.requirePlace(row, table);
      Cells cells = table.read(row);
      if (byChannel.put(StatisticsTable.channel(row), cells.row()) != null) {
        throw StatisticsTable.unreadable(row, "there are two rows of it");
      }
      count = cells.count();
    }
    try {
      return GramMatrix.of(tensor, count, byChannel);
    } catch (IllegalArgumentException e) {
      throw TareException.badInput(e.getMessage(), e);
    }
  }

  /** The rows of some tensors. */
  public static Dataset<Row> read(SparkSession spark, Path folder, Set<String> tensors) {
    return CheckedParquet.read(spark, SCHEMA, folder)
        .filter(functions.col("tensor").isin(tensors.toArray()));
  }

  /** The size of each matrix. */
  public static Map<String, GptqWeights.Size> sizes(SparkSession spark, Path folder) {
    Map<String, GptqWeights.Size> sizes = new TreeMap<>();
    CheckedParquet.read(spark, SCHEMA, folder)
        .groupBy("tensor")
        .agg(
            functions.count("*"),
            functions.max("count"),
            functions.max(functions.size(functions.col("products"))))
        .collectAsList()
        .forEach(
            row ->
                sizes.put(
                    row.getString(0),
                    new GptqWeights.Size(
                        Math.toIntExact(row.getLong(1)),
                        row.getLong(2),
                        row.getLong(1) > 1 && row.getInt(3) == 1)));
    return sizes;
  }

  @Override
  public MergeableState block(BlockKey key, int channels, List<Cells> rows) {
    Set<String> common = new HashSet<>();
    List<GramRow> own = new ArrayList<>(rows.size());
    for (Cells cells : rows) {
      common.add(cells.count() + " vectors under scale set " + cells.scaleSet());
      own.add(cells.row());
    }
    if (common.size() > 1) {
      throw new IllegalArgumentException("Its rows disagree: " + String.join(" vs ", common));
    }
    return new GramBlock(key, channels, rows.get(0).scaleSet(), rows.get(0).count(), own);
  }
}
