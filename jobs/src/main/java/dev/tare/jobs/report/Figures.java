package dev.tare.jobs.report;

import java.math.BigDecimal;
import java.math.MathContext;
import java.util.Locale;

/** Formats numbers for people; all in one class, so that columns align. */
final class Figures {

  private static final String NONE = "–";

  private Figures() {}

  /** A ratio in dB. */
  static String db(double value) {
    return fixed(value, 2);
  }

  static String cosine(double value) {
    return fixed(value, 5);
  }

  /** A share in [0, 1] as a percentage. */
  static String percent(double share) {
    return share == 0 || share == 1
        ? Math.round(100 * share) + " %"
        : percent(share, share >= 0.001 ? 2 : 4);
  }

  /**
   * A percentage for a column: all have the same number of decimals, and one that is not 0 is not
   * written as 0.
   */
  static String percent(double share, int digits) {
    if (!Double.isFinite(share)) {
      return NONE;
    }
    double least = Math.pow(10, -digits);
    return share > 0 && 100 * share < least / 2
        ? "<" + fixed(least, digits) + " %"
        : fixed(100 * share, digits) + " %";
  }

  private static String fixed(double value, int digits) {
    if (Double.isNaN(value)) {
      return NONE;
    }
    if (Double.isInfinite(value)) {
      return value > 0 ? "∞" : "−∞";
    }
    return minus(String.format(Locale.ROOT, "%." + digits + "f", value));
  }

  /** With a sign, for a difference. */
  static String signed(double value, int digits) {
    return (value >= 0 ? "+" : "") + fixed(value, digits);
  }

  /** Four significant digits, without zeros at the end. */
  static String real(double value) {
    return real(value, true);
  }

  /** Four significant digits, all of them, so that a column aligns. */
  static String column(double value) {
    return real(value, false);
  }

  private static String real(double value, boolean stripped) {
    if (Double.isNaN(value)) {
      return NONE;
    }
    if (Double.isInfinite(value) || value == 0) {
      return value == 0 ? "0" : fixed(value, 0);
    }
    BigDecimal rounded = new BigDecimal(value).round(new MathContext(4));
    double magnitude = Math.abs(value);
    boolean plain = magnitude >= 1e-4 && magnitude < 1e7;
    String text =
        plain
            ? (stripped ? rounded.stripTrailingZeros() : padded(rounded)).toPlainString()
            : String.format(Locale.ROOT, "%.3e", value);
    return minus(text);
  }

  private static BigDecimal padded(BigDecimal rounded) {
    int digits = rounded.scale() + 4 - rounded.precision();
    return digits > rounded.scale() ? rounded.setScale(digits) : rounded;
  }

  static String bytes(long bytes) {
    return bytes >= 1_000_000_000
        ? fixed(bytes / 1e9, 2) + " GB"
        : bytes >= 1_000_000
            ? fixed(bytes / 1e6, 1) + " MB"
            : bytes >= 10_000 ? fixed(bytes / 1e3, 0) + " kB" : bytes + " B";
  }

  /** Groups of three, with narrow spaces that do not break. */
  static String count(long value) {
    return minus(String.format(Locale.ROOT, "%,d", value).replace(',', '\u202f'));
  }

  /** A typographic minus, but not in an exponent. */
  static String minus(String text) {
    return text.replace('-', '−').replace("e−", "e-");
  }
}
