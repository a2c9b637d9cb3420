package dev.tare.jobs.report;

import dev.tare.engine.histogram.Distribution;
import dev.tare.engine.plan.PlanCodec;
import dev.tare.engine.plan.ScaleColumns;
import dev.tare.engine.plan.TensorPlan;
import dev.tare.engine.quant.ExpectedError;
import dev.tare.engine.recipe.Role;
import dev.tare.engine.statistics.Statistics;
import dev.tare.engine.tensor.SampleOrigin;
import dev.tare.jobs.table.StatisticsStore;
import dev.tare.jobs.table.StatisticsTable;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.apache.hadoop.fs.Path;
import org.apache.spark.api.java.function.MapFunction;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.functions;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/**
 * Reads the statistics for the drawings of a page. Executors turn histograms into columns; the
 * driver gets a few hundred numbers for each tensor.
 */
final class StatisticsScan {

  private static final StructType SPREAD =
      new StructType()
          .add("tensor", DataTypes.StringType, false)
          .add("count", DataTypes.LongType, false)
          .add("zeros", DataTypes.LongType, false)
          .add("others", DataTypes.LongType, false)
          .add("numbers", DataTypes.createArrayType(DataTypes.DoubleType, false), false)
          .add("columns", DataTypes.createArrayType(DataTypes.LongType, false), false)
          .add("origins", DataTypes.createArrayType(DataTypes.StringType, true), false);

  private static final StructType CHANNELS =
      new StructType()
          .add("tensor", DataTypes.StringType, false)
          .add("channels", DataTypes.IntegerType, false)
          .add("lows", DataTypes.createArrayType(DataTypes.DoubleType, false), false)
          .add("highs", DataTypes.createArrayType(DataTypes.DoubleType, false), false)
          .add("widest", DataTypes.IntegerType, false)
          .add("numbers", DataTypes.createArrayType(DataTypes.DoubleType, false), false);

  private StatisticsScan() {}

  /** The values of every tensor in the plan, with the expected error of its range. */
  static Map<String, Spread> spreads(
      SparkSession spark, Path statistics, List<TensorPlan> plans, int columns) {
    HashMap<String, byte[]> ranges = new HashMap<>();
    for (TensorPlan plan : plans) {
      if (plan.role() == Role.ACTIVATION) {
        ranges.put(plan.tensor(), PlanCodec.encode(plan));
      }
    }
    Dataset<Row> spreads =
        StatisticsStore.read(spark, statistics)
            .filter(functions.col("channel").isNull())
            .map((MapFunction<Row, Row>) row -> spread(row, ranges, columns), Encoders.row(SPREAD));
    Map<String, Spread> found = new TreeMap<>();
    for (Iterator<Row> rows = spreads.toLocalIterator(); rows.hasNext(); ) {
      Row row = rows.next();
      found.put(row.getString(0), spread(row));
    }
    return found;
  }

  private static Row spread(Row row, Map<String, byte[]> ranges, int columns) {
    String tensor = row.getAs("tensor");
    Statistics statistics = StatisticsTable.toStatistics(row);
    Distribution values = statistics.distribution();
    Optional<TensorPlan> plan = Optional.ofNullable(ranges.get(tensor)).map(PlanCodec::decode);
    double left = values.min();
    double right = values.max();
    double[] noise = {Double.NaN, Double.NaN, Double.NaN, Double.NaN};
    if (plan.isPresent() && plan.get().channels().size() == 1) {
      ScaleColumns only = plan.get().channels();
      left = Math.min(left, only.low(0));
      right = Math.max(right, only.high(0));
      if (!values.isEmpty()) {
        ExpectedError error = ExpectedError.of(values, only.params(0));
        noise =
            new double[] {
              error.signal(),
              error.clippedNoise(),
              Math.max(0, error.noise() - error.clippedNoise()),
              error.clippedShare()
            };
      }
    }
    List<Long> counts = values.isEmpty() ? List.of() : Spread.columns(values, left, right, columns);
    return RowFactory.create(
        tensor,
        statistics.count(),
        statistics.zeros(),
        statistics.nans() + statistics.posInfs() + statistics.negInfs(),
        new double[] {
          values.min(), values.max(), left, right, noise[0], noise[1], noise[2], noise[3]
        },
        counts.stream().mapToLong(c -> c).toArray(),
        Stream.of(statistics.minSample(), statistics.maxSample())
            .flatMap(StatisticsScan::cells)
            .toArray(String[]::new));
  }

  /** Sample, file and row of an extreme; null if not known. */
  private static Stream<String> cells(Optional<SampleOrigin> origin) {
    OptionalLong row = origin.map(SampleOrigin::row).orElse(OptionalLong.empty());
    return Stream.of(
        origin.map(SampleOrigin::sha256).orElse(null),
        origin.flatMap(SampleOrigin::file).orElse(null),
        row.isPresent() ? Long.toString(row.getAsLong()) : null);
  }

  private static Spread spread(Row row) {
    List<Double> n = row.getList(row.fieldIndex("numbers"));
    List<Long> columns = row.getList(row.fieldIndex("columns"));
    List<String> origins = row.getList(row.fieldIndex("origins"));
    return new Spread(
        row.getLong(1),
        row.getLong(2),
        row.getLong(3),
        n.get(0),
        n.get(1),
        n.get(2),
        n.get(3),
        columns,
        Double.isNaN(n.get(4))
            ? Optional.empty()
            : Optional.of(new Spread.Noise(n.get(4), n.get(5), n.get(6), n.get(7))),
        origin(origins.subList(0, 3)),
        origin(origins.subList(3, 6)));
  }

  private static Optional<Spread.Origin> origin(List<String> parts) {
    return Optional.ofNullable(parts.get(0))
        .map(
            sample ->
                new Spread.Origin(
                    sample,
                    Optional.ofNullable(parts.get(1)),
                    parts.get(2) == null ? -1 : Long.parseLong(parts.get(2))));
  }

  /** The ranges of the channels of every tensor that has any. */
  static Map<String, ChannelSpread> channels(SparkSession spark, Path statistics, int columns) {
    Dataset<Row> spreads =
        StatisticsStore.read(spark, statistics)
            .filter(functions.col("channel").isNotNull())
            .groupBy("tensor")
            .agg(
                functions
                    .sort_array(
                        functions.collect_list(
                            functions.struct(
                                functions.col("channel"),
                                functions.col("min"),
                                functions.col("max"))))
                    .as("channels"))
            .map((MapFunction<Row, Row>) row -> channels(row, columns), Encoders.row(CHANNELS));
    Map<String, ChannelSpread> found = new TreeMap<>();
    for (Iterator<Row> rows = spreads.toLocalIterator(); rows.hasNext(); ) {
      Row row = rows.next();
      List<Double> lows = row.getList(2);
      List<Double> highs = row.getList(3);
      List<Double> numbers = row.getList(5);
      found.put(
          row.getString(0),
          new ChannelSpread(
              row.getInt(1),
              lows,
              highs,
              row.getInt(4),
              numbers.get(0),
              numbers.get(1),
              numbers.get(2)));
    }
    return found;
  }

  private static Row channels(Row row, int columns) {
    List<Double> lows = new ArrayList<>();
    List<Double> highs = new ArrayList<>();
    List<Row> rows = row.getList(1);
    for (Row channel : rows) {
      lows.add(channel.isNullAt(1) ? Double.NaN : channel.getFloat(1));
      highs.add(channel.isNullAt(2) ? Double.NaN : channel.getFloat(2));
    }
    ChannelSpread spread = ChannelSpread.of(lows, highs, columns);
    return RowFactory.create(
        row.getString(0),
        spread.channels(),
        spread.lows().stream().mapToDouble(v -> v).toArray(),
        spread.highs().stream().mapToDouble(v -> v).toArray(),
        spread.widest(),
        new double[] {spread.widestLow(), spread.widestHigh(), spread.medianMagnitude()});
  }
}
