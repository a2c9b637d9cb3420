package dev.tare.jobs.console;

import dev.tare.jobs.artifact.BudgetPlan;
import dev.tare.jobs.artifact.Interval;
import dev.tare.jobs.artifact.Quality;
import dev.tare.jobs.artifact.WeightLevel;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** Shows what a budget chose, the frontier, and what was measured beside what was predicted. */
public final class BudgetTable {

  /** Points of the frontier that are shown; {@code budget.json} has more. */
  private static final int POINTS = 12;

  private BudgetTable() {}

  /** The frontier, with what was chosen below. */
  public static List<String> lines(BudgetPlan plan) {
    List<String> lines = new ArrayList<>();
    List<BudgetPlan.Point> all = plan.frontier();
    int shown = Math.min(POINTS, all.size());
    for (int i = 0; i < shown; i++) {
      lines.add(line(all.get(shown == 1 ? 0 : i * (all.size() - 1) / (shown - 1))));
    }
    lines.add(line(plan.predicted()) + "  chosen by " + plan.budget() + ": " + counts(plan));
    lines.add(
        String.format(
            Locale.ROOT,
            "with a confidence of 95 %%: SQNR at least %.2f dB, cosine at least %.5f",
            plan.predicted().sqnrDbLow(),
            plan.predicted().cosineLow()));
    return lines;
  }

  private static String line(BudgetPlan.Point point) {
    return String.format(
        Locale.ROOT,
        "%9.2f MB  %5.2f bits  SQNR %6.2f dB  cosine %.5f",
        point.bytes() / 1e6,
        point.bits(),
        point.sqnrDb(),
        point.cosine());
  }

  private static String counts(BudgetPlan plan) {
    List<String> counts = new ArrayList<>();
    for (WeightLevel level : WeightLevel.values()) {
      long weights = plan.levels().values().stream().filter(level::equals).count();
      if (weights > 0) {
        counts.add(weights + " " + level.word());
      }
    }
    return String.join(", ", counts);
  }

  /** What was predicted of the plan and what the model gives, on other data. */
  public static String measured(BudgetPlan plan, Quality.OutputQuality output, long bytes) {
    return String.format(
        Locale.ROOT,
        "budget %s%s: cosine %.5f predicted, at least %.5f, %.5f measured%s; SQNR %.2f dB"
            + " predicted, at least %.2f, %.2f measured; %.2f MB predicted, %.2f MB made",
        plan.budget(),
        plan.verdict(output, Optional.of(bytes)).map(verdict -> " " + verdict).orElse(""),
        plan.predicted().cosine(),
        plan.predicted().cosineLow(),
        output.cosineMean(),
        output.perSample().cosineMean().map(BudgetTable::interval).orElse(""),
        plan.predicted().sqnrDb(),
        plan.predicted().sqnrDbLow(),
        output.sqnrDb(),
        plan.predicted().bytes() / 1e6,
        bytes / 1e6);
  }

  private static String interval(Interval mean) {
    return String.format(Locale.ROOT, " (95 %%: %.5f to %.5f)", mean.low(), mean.high());
  }
}
