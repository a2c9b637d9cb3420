package dev.tare.jobs.console;

import static dev.tare.jobs.console.Columns.Align.LEFT;
import static dev.tare.jobs.console.Columns.Align.RIGHT;

import dev.tare.jobs.artifact.Latency;
import dev.tare.jobs.artifact.PlacementTrials;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** Shows the placements that were measured as a table. */
public final class PlacementTable {

  private PlacementTable() {}

  /** A heading, and a line for each placement. */
  public static List<String> lines(PlacementTrials trials) {
    List<List<String>> rows = new ArrayList<>();
    rows.add(List.of("placement", "time of float", "95 %", "SQNR dB", "cosine", "outcome"));
    for (PlacementTrials.Trial trial : trials.trials()) {
      Optional<PlacementTrials.Figures> figures = trial.figures();
      rows.add(
          List.of(
              trial.name(),
              figures.map(known -> text("%.2f", known.latency().ratio())).orElse("-"),
              figures.map(known -> interval(known.latency())).orElse("-"),
              figures.map(known -> text("%.2f", known.sqnrDb())).orElse("-"),
              figures.map(known -> text("%.5f", known.cosine())).orElse("-"),
              (trial.chosen() ? "chosen: " : "") + trial.reason()));
    }
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (PrintStream out = new PrintStream(bytes, true, StandardCharsets.UTF_8)) {
      Columns.of(LEFT, RIGHT, LEFT, RIGHT, RIGHT, LEFT).print(rows, out);
    }
    return bytes.toString(StandardCharsets.UTF_8).lines().toList();
  }

  /** The interval of the ratio, and whether it is too wide to decide. */
  public static String interval(Latency latency) {
    return text("%.2f to %.2f", latency.low(), latency.high())
        + (latency.decided() ? "" : " (wider than 5 %)");
  }

  private static String text(String format, Object... values) {
    return String.format(Locale.ROOT, format, values);
  }
}
