package dev.tare.jobs.table;

import dev.tare.engine.histogram.FloatBins;
import dev.tare.engine.histogram.Histogram;
import dev.tare.engine.statistics.BlockKey;
import dev.tare.engine.statistics.Statistics;
import dev.tare.engine.statistics.StatisticsBlock;
import dev.tare.engine.statistics.TensorStatistics;
import dev.tare.engine.tensor.SampleOrigin;
import dev.tare.jobs.TareException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeMap;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;

/**
 * The statistics table, format version 2: one row per tensor, with {@code channel} null, and one
 * per channel.
 *
 * <p>{@code bin} has public bin numbers in ascending order of value, {@code lower} and {@code
 * upper} their edges, {@code bin_count} their counts; the four arrays have equal lengths, and are
 * null, like {@code mantissa_bits}, if only extremes were kept. Zeros, NaN and infinities are
 * counted separately and are in no bin.
 *
 * <p>{@code min_sample} and {@code max_sample} name the sample that contains the extreme of a
 * tensor, by the SHA-256 of its canonical encoding, and {@code _file} and {@code _row} the place
 * where it was read. They are null in rows of channels, if the sample is not known, and, as for
 * images, if rows have no position. Version 1, which can be read too, lacks these columns.
 */
public final class StatisticsTable {

  public static final int FORMAT_VERSION = 2;

  static final int OLDEST_VERSION = 1;

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

  /** What tables of version 1 lack. */
  static final Set<String> SINCE_VERSION_2 =
      Set.of("min_sample", "min_file", "min_row", "max_sample", "max_file", "max_row");

  private StatisticsTable() {}

  /** Returns the rows of a block, sorted by channel. */
  public static List<Row> toRows(StatisticsBlock block, String runId, String modelSha256) {
    List<Row> rows = new ArrayList<>(block.rows().size());
    BlockKey key = block.key();
    boolean whole = key.isWhole();
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
   * Decodes the state of a row.
   *
   * @throws TareException (bad input) if the row is of another format version or contradicts
   *     itself; the message names tensor and channel
   */
  public static Statistics toStatistics(Row row) {
    requirePlace(row, new HistogramRows());
    try {
      return StatisticsDecoder.decode(new RowCells(row));
    } catch (IllegalArgumentException | ArithmeticException e) {
      throw unreadable(row, e.getMessage());
    }
  }

  /**
   * Builds the statistics of a tensor from all its rows, in any order.
   *
   * @throws TareException (bad input) as {@link #toStatistics} does, or if two rows are of the same
   *     channel
   */
  public static TensorStatistics toTensor(String tensor, Iterator<Row> rows) {
    TreeMap<Integer, Statistics> byChannel = new TreeMap<>();
    int axis = -1;
    while (rows.hasNext()) {
      Row row = rows.next();
      int channel = channel(row);
      axis = Math.max(axis, axis(row));
      if (byChannel.put(channel, toStatistics(row)) != null) {
        throw TareException.badInput(
            "Invalid statistics: more than one row for %s of tensor '%s'"
                .formatted(channel < 0 ? "all" : "channel " + channel, tensor));
      }
    }
    Optional<Statistics> whole = Optional.ofNullable(byChannel.remove(-1));
    return new TensorStatistics(
        tensor,
        whole,
        byChannel.isEmpty() ? OptionalInt.empty() : OptionalInt.of(axis),
        List.copyOf(byChannel.values()));
  }

  /**
   * Checks the key columns of a row of any kind, and that no required cell is null.
   *
   * @throws TareException (bad input) otherwise
   */
  static void requirePlace(Row row, StateTable<?> table) {
    for (StructField field : table.schema().fields()) {
      if (!field.nullable() && row.isNullAt(row.fieldIndex(field.name()))) {
        throw unreadable(row, "'%s' is null".formatted(field.name()));
      }
    }
    int version = row.getInt(row.fieldIndex("format_version"));
    if (version < table.oldestVersion() || version > table.newestVersion()) {
      throw unreadable(
          row,
          "format version %d, only %d to %d are known"
              .formatted(version, table.oldestVersion(), table.newestVersion()));
    }
    boolean whole = row.isNullAt(row.fieldIndex("channel"));
    if (whole != row.isNullAt(row.fieldIndex("axis"))) {
      throw unreadable(row, whole ? "an axis without a channel" : "a channel without an axis");
    }
    if (row.<String>getAs("tensor").isEmpty()
        || (!whole && (channel(row) < 0 || channel(row) == Integer.MAX_VALUE || axis(row) < 0))) {
      throw unreadable(row, "axis %d".formatted(axis(row)));
    }
  }

  /**
   * Checks that a row belongs to a model.
   *
   * @throws TareException (bad input) if it belongs to another one
   */
  static void requireModel(Row row, String sha256) {
    String own = row.getAs("model_sha256");
    if (!sha256.equals(own)) {
      throw unreadable(
          row, "'model_sha256' is %s, but the manifest states %s".formatted(own, sha256));
    }
  }

  /** Creates the exception for an inconsistent row, with its tensor and channel. */
  static TareException unreadable(Row row, String why) {
    int channel = row.fieldIndex("channel");
    return TareException.badInput(
        "Cannot read statistics of tensor '%s'%s: %s"
            .formatted(
                row.<String>getAs("tensor"),
                row.isNullAt(channel) ? "" : ", channel " + row.getInt(channel),
                why));
  }

  /** Returns the channel of a row; -1 for the row of the whole tensor. */
  public static int channel(Row row) {
    int field = row.fieldIndex("channel");
    return row.isNullAt(field) ? -1 : row.getInt(field);
  }

  /** The axis of a row; {@link BlockKey#WHOLE} for the row of the whole tensor. */
  public static int axis(Row row) {
    int field = row.fieldIndex("axis");
    return row.isNullAt(field) ? BlockKey.WHOLE : row.getInt(field);
  }

  /** Returns all column names. */
  public static List<String> columns() {
    return Arrays.asList(SCHEMA.fieldNames());
  }
}
