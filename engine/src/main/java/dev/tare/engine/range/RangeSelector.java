package dev.tare.engine.range;

import dev.tare.engine.histogram.Distribution;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * A method that picks the interval to quantize from the distribution of a tensor's values.
 *
 * <p>Laws: a pure function, the same bits for equal arguments; the range contains 0 and never
 * leaves [min(0, min), max(0, max)] of the values seen. For a symmetric target the magnitude of the
 * range is what was selected, and an end beyond the values seen is cut to them. For a distribution
 * without values the range is [0, 0].
 */
public sealed interface RangeSelector
    permits MinMax,
        Percentile,
        PercentileOrt,
        Entropy,
        EntropyOrt,
        EntropyTrt,
        Mse,
        MseGrid,
        MseTrt,
        L2Torch {

  /** The methods by name, without their numbers. */
  List<String> NAMES =
      List.of(
          "min-max",
          "percentile",
          "percentile-abs",
          "percentile-ort",
          "entropy",
          "entropy-ort",
          "entropy-trt",
          "mse",
          "mse-grid",
          "mse-trt",
          "l2-torch");

  /**
   * Selects the range for a target.
   *
   * @throws IllegalArgumentException if the distribution lacks a histogram that the method needs,
   *     or its bins are too coarse
   */
  Range select(Distribution distribution, Target target);

  /**
   * Whether the method needs bins with a width; exact values as bins of width 0 are then not
   * enough.
   */
  default boolean needsBins() {
    return false;
  }

  /** Whether the method reads only the extremes; a distribution without bins is then enough. */
  default boolean needsOnlyExtremes() {
    return false;
  }

  /** The text from which {@link #parse} makes this selector. */
  String name();

  /**
   * Parses the name of a method, as recipes give it.
   *
   * <pre>
   * min-max
   * percentile, percentile-P            two-sided, P in (50, 100], 99.99 by default
   * percentile-abs, percentile-abs-P    of |x|
   * percentile-ort, percentile-ort-P    ONNX Runtime's rule, P in [0, 100], 99.999 by default
   * entropy
   * entropy-ort, entropy-ort-Q          ONNX Runtime's rule with Q levels, 128 by default
   * entropy-trt                         TensorRT's rule
   * mse                                 a search that refines itself
   * mse-grid, mse-grid-N                every fraction k / N of the extremes, 100 by default
   * mse-trt                             the rule of NVIDIA's toolkits
   * l2-torch                            PyTorch's rule
   * </pre>
   *
   * <p>A number is decimal, as in {@code percentile-99.9999}.
   *
   * @throws IllegalArgumentException if the text is none of these
   */
  static RangeSelector parse(String text) {
    String name = text.toLowerCase(Locale.ROOT);
    return switch (name) {
      case "min-max" -> new MinMax();
      case "entropy" -> new Entropy();
      case "entropy-trt" -> new EntropyTrt();
      case "mse" -> new Mse();
      case "mse-trt" -> new MseTrt();
      case "l2-torch" -> new L2Torch();
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
        return new EntropyOrt(whole(name, EntropyOrt.PREFIX, EntropyOrt.DEFAULT));
      }
      if (takes(name, MseGrid.PREFIX)) {
        return new MseGrid(whole(name, MseGrid.PREFIX, MseGrid.DEFAULT));
      }
    } catch (NumberFormatException | ArithmeticException e) {
      throw new IllegalArgumentException("Invalid number in range selection method: " + text, e);
    }
    throw new IllegalArgumentException(
        "Unknown range selection method '%s'%s: expected %s; numbers may follow as in"
                .formatted(text, nearest(name), String.join(", ", NAMES))
            + " percentile-99.99, percentile-abs-99.99, percentile-ort-99.999, entropy-ort-128 and"
            + " mse-grid-100");
  }

  /** The methods that share the longest prefix with a mistyped one. */
  private static String nearest(String name) {
    int most = 1;
    List<String> found = new ArrayList<>();
    for (String known : NAMES) {
      int common = 0;
      while (common < Math.min(known.length(), name.length())
          && known.charAt(common) == name.charAt(common)) {
        common++;
      }
      if (common > most) {
        most = common;
        found.clear();
      }
      if (common == most) {
        found.add(known);
      }
    }
    return most == 1 ? "" : " (did you mean " + String.join(" or ", found) + "?)";
  }

  private static boolean takes(String name, String prefix) {
    return name.equals(prefix) || name.startsWith(prefix + "-");
  }

  private static double number(String name, String prefix, double standard) {
    return name.equals(prefix) ? standard : decimal(name, prefix).doubleValue();
  }

  private static int whole(String name, String prefix, int standard) {
    return name.equals(prefix) ? standard : decimal(name, prefix).intValueExact();
  }

  private static BigDecimal decimal(String name, String prefix) {
    return new BigDecimal(name.substring(prefix.length() + 1));
  }
}
