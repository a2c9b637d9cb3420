package dev.tare.engine.range;

import dev.tare.engine.histogram.Distribution;
import java.util.Locale;

/**
 * A method that picks the interval to quantize from the distribution of a tensor's values.
 *
 * <p>Laws: a pure function, the same bits for equal arguments; the range contains 0 and never
 * leaves [min(0, min), max(0, max)] of the values seen. For a symmetric target the magnitude of the
 * range is what was selected, and an end beyond the values seen is cut to them. A distribution
 * without values, which has neither minimum nor maximum, gives [0, 0].
 */
public sealed interface RangeSelector
    permits MinMax, Percentile, PercentileOrt, Entropy, EntropyOrt, Mse {

  /**
   * The range for a target.
   *
   * @throws IllegalArgumentException if the method needs a histogram, or a finer one, than the
   *     distribution has
   */
  Range select(Distribution distribution, Target target);

  /**
   * Whether the method needs values counted in bins of some width, rather than exact values as bins
   * of width 0.
   */
  default boolean needsBins() {
    return false;
  }

  /** The text that {@link #parse} reads this selector from. */
  String name();

  /**
   * The selector behind a recipe's text.
   *
   * <pre>
   * min-max
   * percentile, percentile-P            two-sided, P in [0, 100], 99.99 by default
   * percentile-abs, percentile-abs-P    of |x|
   * percentile-ort, percentile-ort-P    ONNX Runtime's rule, 99.999 by default
   * entropy
   * entropy-ort, entropy-ort-Q          ONNX Runtime's rule with Q levels, 128 by default
   * mse
   * </pre>
   *
   * @throws IllegalArgumentException if the text is none of these
   */
  static RangeSelector parse(String text) {
    String name = text.toLowerCase(Locale.ROOT);
    return switch (name) {
      case "min-max" -> new MinMax();
      case "entropy" -> new Entropy();
      case "mse" -> new Mse();
      default -> parseNumbered(text, name);
    };
  }

  private static RangeSelector parseNumbered(String text, String name) {
    try {
      if (takes(name, PercentileOrt.PREFIX)) {
        return new PercentileOrt(number(name, PercentileOrt.PREFIX, PercentileOrt.DEFAULT));
      }
      if (takes(name, Percentile.ABS_PREFIX)) {
        return new Percentile(number(name, Percentile.ABS_PREFIX, Percentile.DEFAULT), true);
      }
      if (takes(name, Percentile.PREFIX)) {
        return new Percentile(number(name, Percentile.PREFIX, Percentile.DEFAULT), false);
      }
      if (takes(name, EntropyOrt.PREFIX)) {
        double levels = number(name, EntropyOrt.PREFIX, EntropyOrt.DEFAULT);
        if (levels == (int) levels) {
          return new EntropyOrt((int) levels);
        }
      }
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException("Invalid number in range selection method: " + text, e);
    }
    throw new IllegalArgumentException(
        "Unknown range selection method '"
            + text
            + "': expected min-max, percentile[-P], percentile-abs[-P], percentile-ort[-P],"
            + " entropy, entropy-ort[-Q] or mse");
  }

  private static boolean takes(String name, String prefix) {
    return name.equals(prefix) || name.startsWith(prefix + "-");
  }

  private static double number(String name, String prefix, double standard) {
    return name.equals(prefix) ? standard : Double.parseDouble(name.substring(prefix.length() + 1));
  }
}
