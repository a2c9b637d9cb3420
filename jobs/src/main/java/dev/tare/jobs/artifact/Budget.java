package dev.tare.jobs.artifact;

import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What a quantized model may cost at most, or must be worth at least.
 *
 * @param text as the user wrote it, without blanks
 * @param measure what is limited
 * @param limit cosine in [0, 1], SQNR in dB, size in bytes, or bits of a value with its share of
 *     the scales
 */
public record Budget(String text, Measure measure, double limit) {

  /** What can be limited. */
  public enum Measure {
    COSINE(true),
    SQNR(true),
    SIZE(false),
    BITS(false);

    private final boolean quality;

    Measure(boolean quality) {
      this.quality = quality;
    }

    /** Whether the limit is the least, not the most. */
    public boolean quality() {
      return quality;
    }
  }

  private static final Pattern FORM =
      Pattern.compile(
          "(?:(?<least>cosine|sqnr)>=|(?<most>size|bits)<=)(?<number>\\d+(?:\\.\\d+)?|\\.\\d+)"
              + "(?<unit>db|[kmg]?b)?");

  /**
   * Reads {@code cosine>=0.998}, {@code sqnr>=30dB}, {@code size<=20MB} (1 MB is 10^6 bytes) or
   * {@code bits<=5}.
   *
   * @throws IllegalArgumentException if it is none of these, or its limit is impossible
   */
  public static Budget parse(String written) {
    String text = written.replaceAll("\\s", "");
    Matcher form = FORM.matcher(text.toLowerCase(Locale.ROOT));
    if (!form.matches()) {
      throw wrong(written);
    }
    String word = form.group("least") == null ? form.group("most") : form.group("least");
    Measure measure = Measure.valueOf(word.toUpperCase(Locale.ROOT));
    String unit = form.group("unit") == null ? "" : form.group("unit");
    double number = Double.parseDouble(form.group("number"));
    boolean right =
        switch (measure) {
          case COSINE -> unit.isEmpty() && number <= 1;
          case SQNR -> unit.isEmpty() || unit.equals("db");
          case SIZE -> unit.endsWith("b") && !unit.equals("db") && number > 0;
          case BITS -> unit.isEmpty() && number > 0;
        };
    if (!right) {
      throw wrong(written);
    }
    return new Budget(text, measure, measure == Measure.SIZE ? number * bytes(unit) : number);
  }

  private static double bytes(String unit) {
    return switch (unit) {
      case "kb" -> 1e3;
      case "mb" -> 1e6;
      case "gb" -> 1e9;
      default -> 1;
    };
  }

  private static IllegalArgumentException wrong(String written) {
    return new IllegalArgumentException(
        "'%s' is no budget: write cosine>=0.998, sqnr>=30dB, size<=20MB or bits<=5"
            .formatted(written));
  }

  /** Whether a point of a frontier is within it, of quality with a confidence of 95 %. */
  public boolean met(BudgetPlan.Point point) {
    return switch (measure) {
      case COSINE -> point.cosineLow() >= limit;
      case SQNR -> point.sqnrDbLow() >= limit;
      case SIZE -> point.bytes() <= limit;
      case BITS -> point.bits() <= limit;
    };
  }
}
