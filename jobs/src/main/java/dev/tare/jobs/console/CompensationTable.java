package dev.tare.jobs.console;

import dev.tare.jobs.artifact.CompensationTrial;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/** Shows what a compensation does, and whether it was kept. */
public final class CompensationTable {

  private CompensationTable() {}

  /** Whether the model has it, and why. */
  public static String outcome(CompensationTrial trial) {
    String figures =
        String.format(
            Locale.ROOT,
            "%.2f dB with it, %.2f dB without, on %s that it does not know",
            trial.with().sqnrDb(),
            trial.without().sqnrDb(),
            Amounts.counted(trial.measured(), "sample"));
    if (trial.compensated() == 0) {
      return "no product gains anything from a line; the model stays as it is";
    }
    if (trial.kept()) {
      return "kept: " + figures;
    }
    return "%s; the model stays as it is: %s"
        .formatted(
            trial.with().sqnrDb() < trial.without().sqnrDb()
                    || trial.with().cosineMean() < trial.without().cosineMean()
                ? "it hurts"
                : "it gains too little",
            figures);
  }

  /** How many products have a line, and why the others have none. */
  public static List<String> lines(CompensationTrial trial) {
    List<String> lines = new ArrayList<>();
    lines.add(
        String.format(
            Locale.ROOT,
            "%s of %s compared, lines for %d of %d channels",
            trial.compensated() == 1 ? "1 has a line" : trial.compensated() + " have lines",
            Amounts.counted(trial.products().size(), "product"),
            trial.products().stream().mapToLong(CompensationTrial.Product::changed).sum(),
            trial.products().stream().mapToLong(CompensationTrial.Product::channels).sum()));
    Map<String, Integer> reasons = new TreeMap<>();
    trial.left().values().forEach(reason -> reasons.merge(reason, 1, Integer::sum));
    reasons.forEach(
        (reason, count) ->
            lines.add("%s left alone: %s".formatted(Amounts.counted(count, "product"), reason)));
    return lines;
  }
}
