package dev.tare.jobs.console;

import dev.tare.jobs.artifact.GroupError;
import dev.tare.jobs.artifact.MixedError;
import dev.tare.jobs.table.SensitivityTable;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Collectors;

/** Shows what it costs to quantize groups alone. */
public final class SensitivityLines {

  /** Groups that are shown; the table has all. */
  private static final int MOST = 20;

  private SensitivityLines() {}

  /** How much was measured. */
  public static String outcome(SensitivityTable.Measured measured) {
    long groups =
        measured.errors().stream().flatMap(error -> error.weight().stream()).distinct().count();
    return "%s on %s, output '%s'%s"
        .formatted(
            Amounts.counted(groups, "group"),
            Amounts.counted(measured.samples(), "sample"),
            measured.output(),
            measured.pooled() ? " pooled" : "");
  }

  /**
   * A line for each level of all groups together and each mixture, then one for each group, the
   * worst first.
   */
  public static List<String> lines(SensitivityTable.Measured measured) {
    List<String> lines = new ArrayList<>();
    Map<String, TreeMap<String, GroupError>> groups = new HashMap<>();
    for (GroupError error : measured.errors()) {
      if (error.weight().isEmpty()) {
        lines.add(
            String.format(
                Locale.ROOT,
                "all at %-5s  SQNR %6.2f dB  cosine %.5f  %7.2f MB of weights",
                error.level().word(),
                error.sqnrDb(),
                error.cosine(),
                error.bytes() / 1e6));
      } else {
        groups
            .computeIfAbsent(error.weight().get(), key -> new TreeMap<>())
            .put(error.level().word(), error);
      }
    }
    for (MixedError model : measured.mixed()) {
      lines.add(
          String.format(
              Locale.ROOT,
              "mixed         SQNR %6.2f dB  cosine %.5f  %7.2f MB of weights",
              model.sqnrDb(),
              model.cosine(),
              model.bytes() / 1e6));
    }
    Function<TreeMap<String, GroupError>, Double> worst =
        levels -> levels.values().stream().mapToDouble(GroupError::sqnrDb).min().orElseThrow();
    groups.values().stream()
        .sorted(
            Comparator.comparing(worst)
                .thenComparing(levels -> levels.firstEntry().getValue().weight().orElseThrow()))
        .limit(MOST)
        .forEach(levels -> lines.add(line(levels)));
    if (groups.size() > MOST) {
      lines.add(
          "and %s less sensitive: all are in the table sensitivity"
              .formatted(Amounts.counted(groups.size() - MOST, "group")));
    }
    return lines;
  }

  private static String line(NavigableMap<String, GroupError> levels) {
    GroupError first = levels.firstEntry().getValue();
    return levels.values().stream()
        .sorted(Comparator.comparing(GroupError::level))
        .map(
            error -> String.format(Locale.ROOT, "%s %.2f dB", error.level().word(), error.sqnrDb()))
        .collect(Collectors.joining("  ", first.weight().orElseThrow() + "  ", ""));
  }
}
