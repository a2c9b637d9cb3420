package dev.tare.jobs.run;

import dev.tare.jobs.drift.DriftLimits;
import dev.tare.jobs.drift.DriftResult;
import dev.tare.jobs.drift.TensorDrift;
import java.io.PrintStream;
import java.util.List;
import java.util.Locale;

/** The comparison as a table for people, the farthest tensors first. */
final class DriftTable {

  private static final int LONGEST_NAME = 60;

  private DriftTable() {}

  static void print(DriftResult result, DriftLimits limits, int rows, PrintStream out) {
    List<TensorDrift> shown = result.tensors().subList(0, Math.min(rows, result.tensors().size()));
    int width =
        Math.max(6, shown.stream().mapToInt(t -> shortened(t.tensor()).length()).max().orElse(0));
    String heads = "%-" + width + "s %9s %7s %7s %9s %9s %9s  %s%n";
    out.printf(
        Locale.ROOT, heads, "tensor", "psi", "js", "ks", "clip then", "clip now", "SQNR dB", "");
    for (TensorDrift tensor : shown) {
      out.printf(
          Locale.ROOT,
          heads,
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
          String.join(", ", limits.passed(tensor)));
    }
    int more = result.tensors().size() - shown.size();
    if (more > 0) {
      out.printf(Locale.ROOT, "... and %d tensors that moved less; --rows shows more%n", more);
    }
    result
        .oneSided()
        .forEach((tensor, side) -> out.printf("only in the %s: %s%n", side, shortened(tensor)));
  }

  private static String percent(double share) {
    return number("%.4f%%", 100 * share);
  }

  private static String number(String format, double value) {
    return String.format(Locale.ROOT, format, value);
  }

  /** The end of a name tells tensors apart. */
  private static String shortened(String name) {
    return name.length() <= LONGEST_NAME
        ? name
        : "..." + name.substring(name.length() - LONGEST_NAME + 3);
  }
}
