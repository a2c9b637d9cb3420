package dev.tare.jobs.console;

import static dev.tare.jobs.console.Columns.Align.LEFT;
import static dev.tare.jobs.console.Columns.Align.RIGHT;

import dev.tare.jobs.artifact.ChannelQuality;
import dev.tare.jobs.artifact.LabelQuality;
import dev.tare.jobs.artifact.Latency;
import dev.tare.jobs.artifact.Quality;
import dev.tare.jobs.artifact.TargetQuality;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;
import java.util.stream.Collectors;

/** Prints the quality of a model as a table, with notes. */
public final class QualityTable {

  /**
   * With fewer samples the figures say little about others, and the first batches, which take
   * longest, are too much of the time.
   */
  public static final long FEW_SAMPLES = 30;

  private QualityTable() {}

  /**
   * A column.
   *
   * @param always whether it is shown even if no output has a value
   */
  private record Column(
      String title, boolean always, Function<Quality.OutputQuality, Optional<String>> cell) {

    static Column number(
        String title, String format, ToDoubleFunction<Quality.OutputQuality> value) {
      return new Column(
          title, true, output -> Optional.of(text(format, value.applyAsDouble(output))));
    }
  }

  private static final List<Column> COLUMNS =
      List.of(
          new Column("output", true, output -> Optional.of(label(output))),
          new Column("SQNR dB", true, QualityTable::sqnr),
          Column.number("cosine", "%.5f", Quality.OutputQuality::cosineMean),
          Column.number("min", "%.5f", Quality.OutputQuality::cosineMin),
          Column.number("p1", "%.5f", output -> output.cosinePercentiles().get(1)),
          Column.number("median", "%.5f", output -> output.cosinePercentiles().get(50)),
          new Column(
              "worst channel dB",
              false,
              output -> output.worstChannel().map(QualityTable::channel)),
          new Column("largest error", false, QualityTable::largestError),
          new Column(
              "argmax", false, output -> output.classAgreement().map(share -> text("%.4f", share))),
          new Column(
              "labels equal",
              false,
              output -> output.labelsEqual().map(share -> text("%.4f", share))));

  public static void print(Quality quality, PrintStream out) {
    List<Column> columns =
        COLUMNS.stream()
            .filter(
                column ->
                    column.always()
                        || quality.outputs().stream()
                            .anyMatch(output -> column.cell().apply(output).isPresent()))
            .toList();
    List<List<String>> rows = new ArrayList<>();
    rows.add(columns.stream().map(Column::title).toList());
    for (Quality.OutputQuality output : quality.outputs()) {
      rows.add(columns.stream().map(column -> column.cell().apply(output).orElse("-")).toList());
    }
    Columns.Align[] aligned = new Columns.Align[columns.size()];
    Arrays.fill(aligned, RIGHT);
    aligned[0] = LEFT;
    Columns.of(aligned).print(rows, out);
    quality
        .nearestNeighbour()
        .ifPresent(
            share ->
                out.printf(
                    Locale.ROOT,
                    "same nearest neighbour among %d samples: %.1f %%%n",
                    quality.neighbourSamples(),
                    100 * share));
    quality.labels().ifPresent(measured -> labels(measured, out));
    quality.target().ifPresent(measured -> target(measured, out));
    quality.latency().ifPresent(measured -> latency(measured, out));
    quality.warnings().forEach(warning -> out.println("Warning: " + warning));
    out.println(gate(quality));
  }

  private static void latency(Latency measured, PrintStream out) {
    out.printf(
        Locale.ROOT,
        "latency: %.2f of the float model's (95 %%: %.2f to %.2f), %.3g ms after %.3g ms for %s by"
            + " %s; %s, %s on %s%n",
        measured.ratio(),
        measured.low(),
        measured.high(),
        measured.quantizedMillis(),
        measured.floatMillis(),
        measured.shapes(),
        Amounts.counted(measured.batch(), "sample"),
        measured.runtime(),
        Amounts.counted(measured.threads(), "thread"),
        measured.cpu());
  }

  private static void labels(LabelQuality measured, PrintStream out) {
    out.printf(
        Locale.ROOT,
        "%s, output %s, %s:%n",
        measured.column().map("labels of column '%s'"::formatted).orElse("strings"),
        measured.output(),
        Amounts.counted(measured.samples(), "sample"));
    measured.measures().forEach(measure -> out.println("  " + measured.words(measure)));
  }

  /** Beside what was predicted. */
  private static void target(TargetQuality measured, PrintStream out) {
    out.printf(
        Locale.ROOT,
        "target %s (%s) on %s%s%n",
        measured.target(),
        measured.runtime(),
        Amounts.counted(measured.samples(), "sample"),
        measured
            .kernels()
            .map(known -> ": %d of %d products in integers".formatted(known.integer(), known.all()))
            .orElse(""));
    for (TargetQuality.Output output : measured.outputs()) {
      out.printf(
          Locale.ROOT,
          "  %s: SQNR %.2f dB predicted, %.2f dB measured%n",
          output.name(),
          output.predictedSqnrDb(),
          output.measuredSqnrDb());
    }
  }

  private static String gate(Quality quality) {
    Quality.GateResult gate = quality.gate();
    boolean few = gate.asked() && gate.passed() && quality.samples() < FEW_SAMPLES;
    return "gate: "
        + gate.outcome()
        + (few ? " (on " + Amounts.counted(quality.samples(), "sample") + " only)" : "")
        + gate.failures().stream().map(f -> "; " + f).collect(Collectors.joining());
  }

  /** The worst channel's figure, then its number. */
  private static String channel(ChannelQuality channel) {
    String axis = channel.axis() < 0 ? "" : "axis " + channel.axis() + ", ";
    String worst = decibels(channel.worstSqnrDb(), channel.worstError());
    return channel.channels() == 1 ? worst : worst + " (" + axis + channel.worst() + ")";
  }

  /** None of labels, which are equal or not. */
  private static Optional<String> sqnr(Quality.OutputQuality output) {
    double error = output.largestError().orElse(Double.NaN);
    return Optional.of(decibels(output.sqnrDb(), error)).filter(cell -> !cell.isEmpty());
  }

  /** JSON has no infinity, so a ratio without noise is read back as none. */
  private static String decibels(double sqnrDb, double largestError) {
    if (Double.isNaN(sqnrDb)) {
      return largestError == 0 ? "inf" : "";
    }
    return Double.isInfinite(sqnrDb) ? "inf" : text("%.2f", sqnrDb);
  }

  private static Optional<String> largestError(Quality.OutputQuality output) {
    return output.largestError().map(error -> text("%.4g", error));
  }

  private static String label(Quality.OutputQuality output) {
    return output.pooled() ? output.name() + " (pooled)" : output.name();
  }

  private static String text(String format, double value) {
    return String.format(Locale.ROOT, format, value);
  }
}
