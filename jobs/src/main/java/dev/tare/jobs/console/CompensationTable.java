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
    return trial.verdict() == CompensationTrial.Verdict.NO_LINE
        ? decision(trial)
        : "%s: %s".formatted(decision(trial), figures(trial));
  }

  /** Whether the model has it, and why not in words. */
  public static String decision(CompensationTrial trial) {
    return switch (trial.verdict()) {
      case KEPT -> "kept";
      case NO_LINE -> "no product gains anything from a line; the model stays as it is";
      case WORSE -> "it hurts; the model stays as it is";
      case TOO_LITTLE -> "it gains too little; the model stays as it is";
      case UNCERTAIN -> "it may hurt on other samples; the model stays as it is";
    };
  }

  private static String figures(CompensationTrial trial) {
    return String.format(
        Locale.ROOT,
        "%.2f dB with it, %.2f dB without%s, on %s that it does not know",
        trial.with().sqnrDb(),
        trial.without().sqnrDb(),
        trial
            .gainDb()
            .map(
                gain ->
                    String.format(
                        Locale.ROOT,
                        ", a gain of %.2f to %.2f dB by a paired bootstrap (95 %%)",
                        gain.low(),
                        gain.high()))
            .orElse(""),
        Amounts.counted(trial.measured(), "sample"));
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
