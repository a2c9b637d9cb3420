package dev.tare.jobs.report;

import java.math.BigDecimal;
import java.math.MathContext;
import java.math.RoundingMode;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * One axis of a plot: its label, the values at its ends, and round numbers between them.
 *
 * @param label what the axis measures, with its unit
 * @param from value at the left or lower end
 * @param to value at the right or upper end, larger than {@code from}
 * @param ticks numbers to print, in ascending order
 */
record Axis(String label, double from, double to, List<Tick> ticks) {

  /** More numbers than this would touch each other on a phone. */
  private static final int MOST_TICKS = 6;

  /** A shorter axis, relative to its values, would show the last digits of float64. */
  private static final double LEAST_SHARE = 1e-9;

  Axis {
    ticks = List.copyOf(ticks);
  }

  /**
   * A number on an axis.
   *
   * @param text the number
   * @param share its position from the lower end, in [0, 1]
   */
  record Tick(String text, double share) {

    /** From the left, in percent of the width. */
    String left() {
      return percent(share);
    }

    /** From the top, in percent of the height. */
    String top() {
      return percent(1 - share);
    }

    /** A long text at the right end stays inside. */
    boolean atEnd() {
      return share > 0.97 && text.length() > 3;
    }

    private static String percent(double share) {
      return String.format(Locale.ROOT, "%.2f%%", 100 * share);
    }
  }

  /**
   * An axis whose numbers are multiples of 1, 2 or 5 times a power of ten.
   *
   * @param least the shortest axis: if the values differ by less, it begins lower, so that no noise
   *     of the last digits fills a plot
   */
  static Axis of(String label, double low, double high, double least) {
    return of(label, low, high, least, BigDecimal.ZERO);
  }

  /** An axis from 0 to a number of things, at least 1, without fractions. */
  static Axis ofCount(String label, int count) {
    return of(label, 0, count, 1, BigDecimal.ONE);
  }

  private static Axis of(
      String label, double low, double high, double least, BigDecimal leastStep) {
    double span = Math.max(least, LEAST_SHARE * Math.abs(high));
    double from = high - low < span ? high - span : low;
    BigDecimal step = step(high - from).max(leastStep);
    List<Tick> ticks = new ArrayList<>();
    BigDecimal at =
        new BigDecimal(from)
            .divide(step, 0, RoundingMode.CEILING)
            .multiply(step)
            .stripTrailingZeros();
    for (; at.doubleValue() <= high; at = at.add(step)) {
      ticks.add(
          new Tick(
              text(at.setScale(Math.max(0, step.scale()), RoundingMode.HALF_EVEN)),
              (at.doubleValue() - from) / (high - from)));
    }
    return new Axis(label, from, high, ticks);
  }

  private static BigDecimal step(double span) {
    BigDecimal rough =
        new BigDecimal(span).divide(BigDecimal.valueOf(MOST_TICKS), MathContext.DECIMAL64);
    BigDecimal power = BigDecimal.ONE.scaleByPowerOfTen(rough.precision() - rough.scale() - 1);
    for (int factor : new int[] {1, 2, 5}) {
      BigDecimal step = power.multiply(BigDecimal.valueOf(factor));
      if (step.compareTo(rough) >= 0) {
        return step;
      }
    }
    return power.multiply(BigDecimal.TEN).stripTrailingZeros();
  }

  private static String text(BigDecimal value) {
    double magnitude = value.abs().doubleValue();
    if (magnitude == 0) {
      return "0";
    }
    boolean plain = magnitude >= 1e-6 && magnitude < 1e7;
    return Figures.minus(
        plain
            ? value.toPlainString()
            : String.format(Locale.ROOT, "%.1e", value.doubleValue())
                .replaceFirst("e\\+?(-?)0*(\\d)", "e$1$2"));
  }

  /**
   * Position of a value from the lower end, in thousandths; a value beyond an end is at the end.
   */
  int thousandth(double value) {
    double share = (value - from) / (to - from);
    return (int) Math.round(Plot.SIZE * Math.max(0, Math.min(1, share)));
  }

  /** Characters of its widest number. */
  int width() {
    return ticks.stream().mapToInt(tick -> tick.text().length()).max().orElse(1);
  }
}
