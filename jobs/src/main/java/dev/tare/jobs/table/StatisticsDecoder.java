package dev.tare.jobs.table;

import dev.tare.engine.histogram.FloatBins;
import dev.tare.engine.histogram.Histogram;
import dev.tare.engine.statistics.Statistics;
import dev.tare.engine.tensor.SampleOrigin;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * Decodes the state in a row of the statistics table. This is the only place that reads its
 * columns, for jobs and for SQL, so that a query accepts nothing that the pipeline would refuse.
 *
 * <p>A struct built by a user may lack columns that follow from others (edges of bins) or that not
 * every version has (format version, samples); those present must be consistent. Cost: one pass
 * over the bins.
 */
public final class StatisticsDecoder {

  private static final List<String> COUNTS =
      List.of("count", "zeros", "nans", "pos_infs", "neg_infs");

  private StatisticsDecoder() {}

  /**
   * Reads a row.
   *
   * @throws IllegalArgumentException if it is of another format version or contradicts itself; the
   *     message names the column
   * @throws ArithmeticException if the sum of the counts overflows a long
   */
  public static Statistics decode(StatisticsCells cells) {
    for (String count : COUNTS) {
      if (!cells.has(count)) {
        throw new IllegalArgumentException("'%s' is null".formatted(count));
      }
    }
    boolean samples = samples(cells);
    return new Statistics(
        cells.whole("count"),
        cells.whole("zeros"),
        cells.whole("nans"),
        cells.whole("pos_infs"),
        cells.whole("neg_infs"),
        cells.has("min") ? cells.real("min") : Float.NaN,
        cells.has("max") ? cells.real("max") : Float.NaN,
        histogram(cells),
        samples ? origin(cells, "min") : Optional.empty(),
        samples ? origin(cells, "max") : Optional.empty());
  }

  /** Whether the row's version has the samples of extremes. */
  private static boolean samples(StatisticsCells cells) {
    if (!cells.has("format_version")) {
      return true;
    }
    int version = cells.integer("format_version");
    if (version < StatisticsTable.OLDEST_VERSION || version > StatisticsTable.FORMAT_VERSION) {
      throw new IllegalArgumentException(
          "format version %d, only %d to %d are known"
              .formatted(version, StatisticsTable.OLDEST_VERSION, StatisticsTable.FORMAT_VERSION));
    }
    return version > StatisticsTable.OLDEST_VERSION;
  }

  /** Returns the histogram; empty if only extremes were kept. */
  private static Optional<Histogram> histogram(StatisticsCells cells) {
    boolean none = !cells.has("mantissa_bits");
    for (String list : List.of("bin", "lower", "upper", "bin_count")) {
      if (cells.knows(list) && cells.has(list) == none) {
        throw new IllegalArgumentException(
            "'%s' is %s, but 'mantissa_bits' is %s"
                .formatted(
                    list, none ? "there" : "null", none ? "null" : cells.integer("mantissa_bits")));
      }
    }
    if (none) {
      return Optional.empty();
    }
    Histogram histogram =
        Histogram.of(
            cells.integer("mantissa_bits"), cells.integers("bin"), cells.wholes("bin_count"));
    requireEdges(histogram, cells, "lower", false);
    requireEdges(histogram, cells, "upper", true);
    return Optional.of(histogram);
  }

  private static void requireEdges(
      Histogram histogram, StatisticsCells cells, String name, boolean upper) {
    if (!cells.knows(name)) {
      return;
    }
    float[] edges = cells.reals(name);
    if (edges.length != histogram.size()) {
      throw new IllegalArgumentException(
          "%d bins, but %d in '%s'".formatted(histogram.size(), edges.length, name));
    }
    FloatBins bins = histogram.floatBins();
    for (int i = 0; i < edges.length; i++) {
      int bin = histogram.bin(i);
      float expected = upper ? bins.upper(bin) : bins.lower(bin);
      if (expected != edges[i]) {
        throw new IllegalArgumentException(
            "'%s' of bin %d is %s instead of %s".formatted(name, bin, edges[i], expected));
      }
    }
  }

  /** Returns the sample that contains an extreme, if the row names it. */
  private static Optional<SampleOrigin> origin(StatisticsCells cells, String extreme) {
    String sample = extreme + "_sample";
    String file = extreme + "_file";
    String row = extreme + "_row";
    if (!cells.has(sample)) {
      if (cells.knows(sample) && (cells.has(file) || cells.has(row))) {
        throw new IllegalArgumentException("the place of a sample without '%s'".formatted(sample));
      }
      return Optional.empty();
    }
    return Optional.of(
        new SampleOrigin(
            cells.text(sample),
            cells.has(file) ? Optional.of(cells.text(file)) : Optional.empty(),
            cells.has(row) ? OptionalLong.of(cells.whole(row)) : OptionalLong.empty()));
  }
}
