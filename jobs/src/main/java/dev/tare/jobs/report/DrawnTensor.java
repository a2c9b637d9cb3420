package dev.tare.jobs.report;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.DoubleStream;
import java.util.stream.Stream;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/**
 * What executors give the driver of one tensor's statistics.
 *
 * @param tensor its name, or that of a smoothed input
 * @param spread its values; empty if only channels were kept
 * @param channels ranges of its channels; empty if none were kept
 */
record DrawnTensor(String tensor, Optional<Spread> spread, Optional<ChannelSpread> channels) {

  static final StructType SCHEMA =
      new StructType()
          .add("tensor", DataTypes.StringType, false)
          .add("counts", DataTypes.createArrayType(DataTypes.LongType, false), false)
          .add("numbers", DataTypes.createArrayType(DataTypes.DoubleType, false), false)
          .add("columns", DataTypes.createArrayType(DataTypes.LongType, false), false)
          .add("methods", DataTypes.createArrayType(DataTypes.StringType, false), false)
          .add("what_if", DataTypes.createArrayType(DataTypes.DoubleType, false), false)
          .add("origins", DataTypes.createArrayType(DataTypes.StringType, true), false)
          .add("channels", DataTypes.createArrayType(DataTypes.IntegerType, false), false)
          .add("lows", DataTypes.createArrayType(DataTypes.DoubleType, false), false)
          .add("highs", DataTypes.createArrayType(DataTypes.DoubleType, false), false)
          .add("widest", DataTypes.createArrayType(DataTypes.DoubleType, false), false);

  private static final int NOISE = 4;
  private static final int CELLS = 3;

  Row toRow() {
    List<WhatIf> whatIf = spread.map(Spread::whatIf).orElse(List.of());
    return RowFactory.create(
        tensor,
        spread.map(s -> new long[] {s.count(), s.zeros(), s.others()}).orElse(new long[0]),
        spread.map(DrawnTensor::numbers).orElse(new double[0]),
        spread.map(s -> s.columns().stream().mapToLong(c -> c).toArray()).orElse(new long[0]),
        whatIf.stream().map(WhatIf::how).toArray(String[]::new),
        whatIf.stream()
            .flatMapToDouble(w -> DoubleStream.of(w.low(), w.high(), w.sqnrDb(), w.clippedShare()))
            .toArray(),
        spread
            .map(s -> Stream.of(s.lowest(), s.highest()).flatMap(DrawnTensor::cells))
            .orElse(Stream.of())
            .toArray(String[]::new),
        channels.map(c -> new int[] {c.channels(), c.widest()}).orElse(new int[0]),
        channels.map(c -> doubles(c.lows())).orElse(new double[0]),
        channels.map(c -> doubles(c.highs())).orElse(new double[0]),
        channels
            .map(c -> new double[] {c.widestLow(), c.widestHigh(), c.medianMagnitude()})
            .orElse(new double[0]));
  }

  private static double[] numbers(Spread spread) {
    DoubleStream edges = DoubleStream.of(spread.min(), spread.max(), spread.left(), spread.right());
    DoubleStream noise =
        spread
            .noise()
            .map(n -> DoubleStream.of(n.signal(), n.clipped(), n.rounded(), n.clippedShare()))
            .orElse(DoubleStream.empty());
    return DoubleStream.concat(edges, noise).toArray();
  }

  /** Sample, file and row of an extreme; null if not known. */
  private static Stream<String> cells(Optional<Spread.Origin> origin) {
    return Stream.of(
        origin.map(Spread.Origin::sample).orElse(null),
        origin.flatMap(Spread.Origin::file).orElse(null),
        origin.filter(o -> o.row() >= 0).map(o -> Long.toString(o.row())).orElse(null));
  }

  private static double[] doubles(List<Double> values) {
    return values.stream().mapToDouble(v -> v).toArray();
  }

  static DrawnTensor of(Row row) {
    List<Long> counts = row.getList(1);
    List<Integer> channels = row.getList(7);
    return new DrawnTensor(
        row.getString(0),
        counts.isEmpty() ? Optional.empty() : Optional.of(spread(row, counts)),
        channels.isEmpty() ? Optional.empty() : Optional.of(channels(row, channels)));
  }

  private static Spread spread(Row row, List<Long> counts) {
    List<Double> n = row.getList(2);
    List<String> origins = row.getList(6);
    return new Spread(
        counts.get(0),
        counts.get(1),
        counts.get(2),
        n.get(0),
        n.get(1),
        n.get(2),
        n.get(3),
        row.getList(3),
        n.size() == NOISE
            ? Optional.empty()
            : Optional.of(new Spread.Noise(n.get(4), n.get(5), n.get(6), n.get(7))),
        whatIf(row.getList(4), row.getList(5)),
        origin(origins.subList(0, CELLS)),
        origin(origins.subList(CELLS, 2 * CELLS)));
  }

  private static List<WhatIf> whatIf(List<String> methods, List<Double> n) {
    List<WhatIf> all = new ArrayList<>();
    for (int i = 0; i < methods.size(); i++) {
      all.add(
          new WhatIf(
              methods.get(i), n.get(4 * i), n.get(4 * i + 1), n.get(4 * i + 2), n.get(4 * i + 3)));
    }
    return all;
  }

  private static Optional<Spread.Origin> origin(List<String> cells) {
    return Optional.ofNullable(cells.get(0))
        .map(
            sample ->
                new Spread.Origin(
                    sample,
                    Optional.ofNullable(cells.get(1)),
                    cells.get(2) == null ? -1 : Long.parseLong(cells.get(2))));
  }

  private static ChannelSpread channels(Row row, List<Integer> channels) {
    List<Double> widest = row.getList(10);
    return new ChannelSpread(
        channels.get(0),
        row.getList(8),
        row.getList(9),
        channels.get(1),
        widest.get(0),
        widest.get(1),
        widest.get(2));
  }
}
