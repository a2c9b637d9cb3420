package dev.tare.jobs.run;

import static dev.tare.jobs.run.Columns.Align.LEFT;
import static dev.tare.jobs.run.Columns.Align.RIGHT;

import dev.tare.engine.recipe.QuantPlan;
import dev.tare.engine.recipe.Role;
import dev.tare.jobs.calibrate.CalibrateResult;
import dev.tare.jobs.evaluate.Quality;
import dev.tare.jobs.quantize.QuantizeJob;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/** One line or one table about what a stage did. */
final class Summaries {

  private Summaries() {}

  static String calibration(CalibrateResult result) {
    return "%s, %s, %s, %s, content %s"
        .formatted(
            counted(result.samples(), "sample"),
            counted(result.tensors().size(), "tensor"),
            result.kept().description(),
            counted(result.jvms().size(), "executor"),
            result.contentSha256().substring(0, 16));
  }

  static String plan(QuantPlan plan) {
    long left = plan.tensors().stream().filter(t -> !t.quantized()).count();
    int biases = plan.quantized(Role.BIAS).size();
    return "%s, %s, %d %s; %s %s float"
        .formatted(
            counted(plan.quantized(Role.ACTIVATION).size(), "activation"),
            counted(plan.quantized(Role.WEIGHT).size(), "weight"),
            biases,
            biases == 1 ? "bias" : "biases",
            counted(left, "tensor"),
            left == 1 ? "stays" : "stay");
  }

  static String quantization(QuantizeJob.Result result) {
    return "%s, %s of integers"
        .formatted(counted(result.constants(), "constant"), megabytes(result.weightBytes()));
  }

  static String quality(Quality quality) {
    return String.format(
        Locale.ROOT,
        "cosine %.4f on %s",
        quality.headline().cosineMean(),
        counted(quality.samples(), "sample"));
  }

  /** A number of things; the plural takes an s. */
  static String counted(long number, String thing) {
    return number + " " + thing + (number == 1 ? "" : "s");
  }

  static String megabytes(long bytes) {
    return String.format(Locale.ROOT, "%.1f MB", bytes / 1e6);
  }

  /** The quality report as a table for people. */
  static void table(Quality quality, PrintStream out) {
    List<List<String>> rows = new ArrayList<>();
    rows.add(List.of("output", "SQNR dB", "cosine", "min", "p1", "median", "argmax"));
    for (Quality.OutputQuality output : quality.outputs()) {
      rows.add(
          List.of(
              label(output),
              number("%.2f", output.sqnrDb()),
              number("%.5f", output.cosineMean()),
              number("%.5f", output.cosineMin()),
              number("%.5f", output.cosinePercentiles().get(1)),
              number("%.5f", output.cosinePercentiles().get(50)),
              output.argmaxAgreement().map(share -> number("%.4f", share)).orElse("-")));
    }
    Columns.of(LEFT, RIGHT, RIGHT, RIGHT, RIGHT, RIGHT, RIGHT).print(rows, out);
    quality
        .nearestNeighbour()
        .ifPresent(
            share ->
                out.printf(
                    Locale.ROOT,
                    "same nearest neighbour among %d samples: %.1f %%%n",
                    quality.neighbourSamples(),
                    100 * share));
    out.println(
        "gate: "
            + quality.gate().outcome()
            + quality.gate().failures().stream().map(f -> "; " + f).collect(Collectors.joining()));
  }

  private static String label(Quality.OutputQuality output) {
    return output.pooled() ? output.name() + " (pooled)" : output.name();
  }

  private static String number(String format, double value) {
    return String.format(Locale.ROOT, format, value);
  }
}
