package dev.tare.jobs.table;

import dev.tare.engine.histogram.BlockKey;
import dev.tare.engine.histogram.FloatBins;
import dev.tare.engine.histogram.Histogram;
import dev.tare.engine.histogram.Statistics;
import dev.tare.engine.histogram.StatisticsBlock;
import dev.tare.engine.tensor.SampleOrigin;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/**
 * The statistics table, format version 2: one row per tensor, with {@code channel} null, and one
 * per channel.
 *
 * <p>{@code bin} holds public bin numbers in ascending order of value, {@code lower} and {@code
 * upper} their edges, {@code bin_count} their counts; the four arrays have equal lengths, and are
 * null with {@code mantissa_bits} where only extremes were kept. Zeros, NaN and infinities are
 * counted apart and stand in no bin.
 *
 * <p>{@code min_sample} and {@code max_sample} name the sample that holds the extreme of a tensor,
 * by the SHA-256 of its canonical encoding, and {@code _file} and {@code _row} the place where it
 * was read. They are null in rows of channels, where the sample is not known, and where rows have
 * no position, as images. Version 1, which can be read too, lacks these columns.
 */
public final class StatisticsTable {

  public static final int FORMAT_VERSION = 2;

  private static final int OLDEST_VERSION = 1;

  public static final StructType SCHEMA =
      new StructType()
          .add("format_version", DataTypes.IntegerType, false)
          .add("run_id", DataTypes.StringType, false)
          .add("model_sha256", DataTypes.StringType, false)
          .add("tensor", DataTypes.StringType, false)
          .add("axis", DataTypes.IntegerType, true)
          .add("channel", DataTypes.IntegerType, true)
          .add("mantissa_bits", DataTypes.IntegerType, true)
          .add("count", DataTypes.LongType, false)
          .add("zeros", DataTypes.LongType, false)
          .add("nans", DataTypes.LongType, false)
          .add("pos_infs", DataTypes.LongType, false)
          .add("neg_infs", DataTypes.LongType, false)
          .add("min", DataTypes.FloatType, true)
          .add("max", DataTypes.FloatType, true)
          .add("bin", DataTypes.createArrayType(DataTypes.IntegerType, false), true)
          .add("lower", DataTypes.createArrayType(DataTypes.FloatType, false), true)
          .add("upper", DataTypes.createArrayType(DataTypes.FloatType, false), true)
          .add("bin_count", DataTypes.createArrayType(DataTypes.LongType, false), true)
          .add("min_sample", DataTypes.StringType, true)
          .add("min_file", DataTypes.StringType, true)
          .add("min_row", DataTypes.LongType, true)
          .add("max_sample", DataTypes.StringType, true)
          .add("max_file", DataTypes.StringType, true)
          .add("max_row", DataTypes.LongType, true);

  private StatisticsTable() {}

  /** The rows of a block, by channel. */
  public static List<Row> toRows(StatisticsBlock block, String runId, String modelSha256) {
    List<Row> rows = new ArrayList<>(block.rows().size());
    BlockKey key = block.key();
    boolean whole = key.axis() == BlockKey.WHOLE;
    for (int i = 0; i < block.rows().size(); i++) {
      Statistics s = block.rows().get(i);
      Histogram histogram = s.histogram().orElse(null);
      rows.add(
          RowFactory.create(
              FORMAT_VERSION,
              runId,
              modelSha256,
              key.tensor(),
              whole ? null : key.axis(),
              whole ? null : key.firstChannel() + i,
              histogram == null ? null : histogram.mantissaBits(),
              s.count(),
              s.zeros(),
              s.nans(),
              s.posInfs(),
              s.negInfs(),
              Float.isNaN(s.min()) ? null : s.min(),
              Float.isNaN(s.max()) ? null : s.max(),
              histogram == null ? null : histogram.bins(),
              histogram == null ? null : edges(histogram, false),
              histogram == null ? null : edges(histogram, true),
              histogram == null ? null : histogram.counts(),
              s.minSample().map(SampleOrigin::sha256).orElse(null),
              s.minSample().flatMap(SampleOrigin::file).orElse(null),
              row(s.minSample()),
              s.maxSample().map(SampleOrigin::sha256).orElse(null),
              s.maxSample().flatMap(SampleOrigin::file).orElse(null),
              row(s.maxSample())));
    }
    return rows;
  }

  private static Long row(Optional<SampleOrigin> origin) {
    OptionalLong row = origin.map(SampleOrigin::row).orElse(OptionalLong.empty());
    return row.isPresent() ? row.getAsLong() : null;
  }

  private static float[] edges(Histogram histogram, boolean upper) {
    FloatBins bins = histogram.floatBins();
    float[] edges = new float[histogram.size()];
    for (int i = 0; i < edges.length; i++) {
      edges[i] = upper ? bins.upper(histogram.bin(i)) : bins.lower(histogram.bin(i));
    }
    return edges;
  }

  /**
   * The state of a row.
   *
   * @throws IllegalArgumentException if the row is of another format version or contradicts itself;
   *     the message names the tensor
   */
  public static Statistics toStatistics(Row row) {
    String tensor = row.getString(row.fieldIndex("tensor"));
    int version = row.getInt(row.fieldIndex("format_version"));
    if (version < OLDEST_VERSION || version > FORMAT_VERSION) {
      throw new IllegalArgumentException(
          "Cannot read statistics of tensor '%s': format version %d, only %d to %d are known"
              .formatted(tensor, version, OLDEST_VERSION, FORMAT_VERSION));
    }
    try {
      boolean samples = version > OLDEST_VERSION;
      return new Statistics(
          row.getLong(row.fieldIndex("count")),
          row.getLong(row.fieldIndex("zeros")),
          row.getLong(row.fieldIndex("nans")),
          row.getLong(row.fieldIndex("pos_infs")),
          row.getLong(row.fieldIndex("neg_infs")),
          row.isNullAt(row.fieldIndex("min")) ? Float.NaN : row.getFloat(row.fieldIndex("min")),
          row.isNullAt(row.fieldIndex("max")) ? Float.NaN : row.getFloat(row.fieldIndex("max")),
          histogram(row),
          samples ? origin(row, "min") : Optional.empty(),
          samples ? origin(row, "max") : Optional.empty());
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(
          "Cannot read statistics of tensor '%s': %s".formatted(tensor, e.getMessage()), e);
    }
  }

  private static Optional<SampleOrigin> origin(Row row, String extreme) {
    String sha256 = row.getString(row.fieldIndex(extreme + "_sample"));
    if (sha256 == null) {
      return Optional.empty();
    }
    int position = row.fieldIndex(extreme + "_row");
    return Optional.of(
        new SampleOrigin(
            sha256,
            Optional.ofNullable(row.getString(row.fieldIndex(extreme + "_file"))),
            row.isNullAt(position)
                ? OptionalLong.empty()
                : OptionalLong.of(row.getLong(position))));
  }

  private static Optional<Histogram> histogram(Row row) {
    int bits = row.fieldIndex("mantissa_bits");
    if (row.isNullAt(bits)) {
      return Optional.empty();
    }
    int[] bins = row.<Integer>getList(row.fieldIndex("bin")).stream().mapToInt(i -> i).toArray();
    long[] counts =
        row.<Long>getList(row.fieldIndex("bin_count")).stream().mapToLong(c -> c).toArray();
    return Optional.of(Histogram.of(row.getInt(bits), bins, counts));
  }

  /** The channel of a row; -1 for the row of the whole tensor. */
  public static int channel(Row row) {
    int field = row.fieldIndex("channel");
    return row.isNullAt(field) ? -1 : row.getInt(field);
  }

  /** The axis of a row; {@link BlockKey#WHOLE} for the row of the whole tensor. */
  public static int axis(Row row) {
    int field = row.fieldIndex("axis");
    return row.isNullAt(field) ? BlockKey.WHOLE : row.getInt(field);
  }

  /** Column names, for a reader that wants them all. */
  public static List<String> columns() {
    return Arrays.asList(SCHEMA.fieldNames());
  }
}
