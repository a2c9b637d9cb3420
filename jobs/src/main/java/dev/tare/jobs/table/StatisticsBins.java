package dev.tare.jobs.table;

import dev.tare.engine.histogram.FloatBins;
import dev.tare.engine.histogram.Histogram;
import java.util.List;
import java.util.Optional;
import org.apache.spark.sql.Row;

/** The bins of a row of statistics: four lists, of which the edges follow from the numbers. */
final class StatisticsBins {
  private static final List<String> LISTS = List.of("bin", "lower", "upper", "bin_count");

  private StatisticsBins() {}

  /**
   * The histogram of a row, empty where only extremes were kept.
   *
   * @throws IllegalArgumentException if a list is missing, holds a null or differs in length, or an
   *     edge is not that of its bin; the message names the column
   * @throws ArithmeticException if the sum of the counts overflows a long
   */
  static Optional<Histogram> of(Row row) {
    int bits = row.fieldIndex("mantissa_bits");
    boolean none = row.isNullAt(bits);
    for (String name : LISTS) {
      if (row.isNullAt(row.fieldIndex(name)) != none) {
        throw new IllegalArgumentException(
            "'%s' is %s, but 'mantissa_bits' is %s"
                .formatted(name, none ? "there" : "null", none ? "null" : row.getInt(bits)));
      }
    }
    if (none) {
      return Optional.empty();
    }
    List<Integer> bins = list(row, "bin");
    List<Long> counts = list(row, "bin_count");
    List<Float> lower = list(row, "lower");
    List<Float> upper = list(row, "upper");
    Histogram histogram =
        Histogram.of(
            row.getInt(bits),
            bins.stream().mapToInt(i -> i).toArray(),
            counts.stream().mapToLong(c -> c).toArray());
    requireEdges(histogram, lower, "lower", false);
    requireEdges(histogram, upper, "upper", true);
    return Optional.of(histogram);
  }

  private static <T> List<T> list(Row row, String name) {
    List<T> list = row.getList(row.fieldIndex(name));
    for (int i = 0; i < list.size(); i++) {
      if (list.get(i) == null) {
        throw new IllegalArgumentException("'%s' has a null at %d".formatted(name, i));
      }
    }
    return list;
  }

  private static void requireEdges(
      Histogram histogram, List<Float> edges, String name, boolean upper) {
    if (edges.size() != histogram.size()) {
      throw new IllegalArgumentException(
          "%d bins, but %d in '%s'".formatted(histogram.size(), edges.size(), name));
    }
    FloatBins bins = histogram.floatBins();
    for (int i = 0; i < edges.size(); i++) {
      int bin = histogram.bin(i);
      float expected = upper ? bins.upper(bin) : bins.lower(bin);
      if (expected != edges.get(i)) {
        throw new IllegalArgumentException(
            "'%s' of bin %d is %s instead of %s".formatted(name, bin, edges.get(i), expected));
      }
    }
  }
}
