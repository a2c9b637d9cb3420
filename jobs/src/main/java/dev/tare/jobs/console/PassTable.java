package dev.tare.jobs.console;

import dev.tare.jobs.artifact.PassTrials;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Shows the choices of passes that were measured. */
public final class PassTable {

  private PassTable() {}

  /** A line for each choice. */
  public static List<String> lines(PassTrials trials) {
    List<String> lines = new ArrayList<>();
    for (PassTrials.Trial trial : trials.trials()) {
      lines.add(
          String.format(
              Locale.ROOT,
              "%-29s  SQNR %6.2f dB  cosine %.5f%s",
              name(trial),
              trial.sqnrDb(),
              trial.cosine(),
              trial.chosen() ? "  chosen" : ""));
    }
    return lines;
  }

  /** The passes of a choice in words. */
  public static String name(PassTrials.Trial trial) {
    return trial.passes().isEmpty() ? "no pass" : String.join(", ", trial.passes());
  }

  /** What was chosen, and which of the recipe's passes are left out. */
  public static String outcome(PassTrials trials) {
    PassTrials.Trial all = trials.trials().get(0);
    PassTrials.Trial chosen = trials.chosen();
    List<String> out = new ArrayList<>(all.passes());
    out.removeAll(chosen.passes());
    return out.isEmpty()
        ? "%s: kept".formatted(name(chosen))
        : String.format(
            Locale.ROOT,
            "without %s, which %s: %.2f dB, and %.2f with all",
            String.join(" and ", out),
            chosen.sqnrDb() > all.sqnrDb()
                ? out.size() == 1 ? "hurts" : "hurt"
                : out.size() == 1 ? "gains too little" : "gain too little",
            chosen.sqnrDb(),
            all.sqnrDb());
  }
}
