package dev.tare.jobs.report;

import dev.tare.engine.histogram.Distribution;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * The numbers that a page shows about a tensor's values: few enough for thousands of tensors.
 *
 * @param count number of values
 * @param zeros exact zeros among them
 * @param others NaN and infinities among them
 * @param min smallest finite value; NaN where there is none
 * @param max largest finite value; NaN where there is none
 * @param left value at the left edge of the first column
 * @param right value at the right edge of the last column
 * @param columns values in columns of equal width from left to right; empty where only extremes
 *     were kept
 * @param noise the expected error of quantization; empty if the plan has no range
 * @param whatIf other ways to quantize it; empty if the plan has no single scale for it
 * @param lowest the sample with the smallest value; empty if it was not recorded
 * @param highest the sample with the largest value; empty if it was not recorded
 */
record Spread(
    long count,
    long zeros,
    long others,
    double min,
    double max,
    double left,
    double right,
    List<Long> columns,
    Optional<Noise> noise,
    List<WhatIf> whatIf,
    Optional<Origin> lowest,
    Optional<Origin> highest) {

  Spread {
    columns = List.copyOf(columns);
    whatIf = List.copyOf(whatIf);
  }

  /**
   * Expected sums of squares.
   *
   * @param signal of the values
   * @param clipped of the errors of values that saturate
   * @param rounded of the errors of all others
   * @param clippedShare share of values that saturate
   */
  record Noise(double signal, double clipped, double rounded, double clippedShare) {

    double sqnrDb() {
      return db(clipped + rounded);
    }

    double clippedDb() {
      return db(clipped);
    }

    double roundedDb() {
      return db(rounded);
    }

    private double db(double noise) {
      return noise == 0 ? Double.POSITIVE_INFINITY : 10 * StrictMath.log10(signal / noise);
    }
  }

  /**
   * The origin of an extreme.
   *
   * @param sample sha256 of the sample
   * @param file file of the data, if it is known
   * @param row row of the file; -1 if it is not known
   */
  record Origin(String sample, Optional<String> file, long row) {}

  /**
   * Counts by columns of equal width. A bin that overlaps several columns is divided in proportion,
   * and a bin with values adds at least 1 to the column that it overlaps most.
   */
  static List<Long> columns(Distribution values, double left, double right, int columns) {
    double[] sums = new double[columns];
    double width = (right - left) / columns;
    for (int i = 0; i < values.bins(); i++) {
      double from = width > 0 ? (values.lower(i) - left) / width : 0;
      double to = width > 0 ? (values.upper(i) - left) / width : 0;
      int first = within((int) Math.floor(from), columns);
      int last = within((int) Math.ceil(to) - 1, columns);
      if (last <= first) {
        sums[first] += values.count(i);
        continue;
      }
      for (int c = first; c <= last; c++) {
        double share = (Math.min(to, c + 1) - Math.max(from, c)) / (to - from);
        sums[c] += values.count(i) * share;
      }
    }
    List<Long> counts = new ArrayList<>(columns);
    Arrays.stream(sums).forEach(sum -> counts.add(sum > 0 ? Math.max(1, Math.round(sum)) : 0));
    return counts;
  }

  private static int within(int column, int columns) {
    return Math.max(0, Math.min(columns - 1, column));
  }
}
