package dev.tare.jobs.drift;

import static dev.tare.jobs.console.Columns.Align.LEFT;
import static dev.tare.jobs.console.Columns.Align.RIGHT;

import dev.tare.engine.statistics.StateKind;
import dev.tare.jobs.console.Columns;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Prints the comparison as a table, tensors that moved most first. */
public final class DriftTable {

  private static final int LONGEST_NAME = 60;

  private DriftTable() {}

  static void print(DriftResult result, DriftLimits limits, int most, PrintStream out) {
    List<TensorDrift> shown = result.tensors().subList(0, Math.min(most, result.tensors().size()));
    List<List<String>> rows = new ArrayList<>();
    rows.add(List.of("tensor", "psi", "js", "ks", "clip then", "clip now", "SQNR dB", ""));
    for (TensorDrift tensor : shown) {
      rows.add(
          List.of(
              shortened(tensor.tensor()),
              number("%.4f", tensor.drift().psi()),
              number("%.4f", tensor.drift().jensenShannon()),
              number("%.4f", tensor.drift().kolmogorovSmirnov()),
              tensor.fit().map(fit -> percent(fit.baselineClipped())).orElse("-"),
              tensor.fit().map(fit -> percent(fit.currentClipped())).orElse("-"),
              tensor
                  .fit()
                  .map(fit -> number("%+.2f", fit.currentSqnrDb() - fit.baselineSqnrDb()))
                  .orElse("-"),
              String.join(", ", limits.exceeded(tensor))));
    }
    Columns.of(LEFT, RIGHT, RIGHT, RIGHT, RIGHT, RIGHT, RIGHT, LEFT).print(rows, out);
    int more = result.tensors().size() - shown.size();
    if (more > 0) {
      out.printf(Locale.ROOT, "... and %d tensors that moved less; --rows shows more%n", more);
    }
    result
        .oneSided()
        .forEach((tensor, side) -> out.printf("only in the %s: %s%n", side, shortened(tensor)));
    kind(result.of(StateKind.MOMENTS), "means: '%s'%s moved by %.2f standard deviations", out);
    kind(result.of(StateKind.GRAM), "products of channels: those of '%s'%s changed by %.2f", out);
  }

  /** The tensor that moved most. */
  private static void kind(List<KindDrift> moved, String text, PrintStream out) {
    if (!moved.isEmpty()) {
      KindDrift most = moved.get(0);
      String channel = most.channel().isPresent() ? " channel " + most.channel().getAsInt() : "";
      out.printf(
          Locale.ROOT,
          text + ", the most of %d tensors%n",
          shortened(most.tensor()),
          channel,
          most.moved(),
          moved.size());
    }
  }

  private static String percent(double share) {
    return number("%.4f%%", 100 * share);
  }

  private static String number(String format, double value) {
    return String.format(Locale.ROOT, format, value);
  }

  /** The end of a name distinguishes tensors. */
  private static String shortened(String name) {
    return name.length() <= LONGEST_NAME
        ? name
        : "..." + name.substring(name.length() - LONGEST_NAME + 3);
  }
}
