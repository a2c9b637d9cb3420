package dev.tare.jobs.run;

import dev.tare.engine.plan.OtherConstants;
import dev.tare.engine.plan.QuantPlan;
import dev.tare.engine.recipe.Role;
import dev.tare.jobs.artifact.CalibrationFacts;
import dev.tare.jobs.artifact.Quality;
import dev.tare.jobs.calibrate.CalibrateResult;
import dev.tare.jobs.quantize.QuantizeJob;
import java.util.List;
import java.util.Locale;

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

  static String merged(CalibrationFacts sum) {
    return "%d samples, %d tensors, content %s"
        .formatted(
            sum.samples(),
            sum.tensors().map(List::size).orElse(0),
            sum.contentSha256().substring(0, 16));
  }

  /**
   * What was decided, and how much stays float.
   *
   * @param vectors what stays float and is too small for an entry of the plan
   */
  static String plan(QuantPlan plan, OtherConstants.Vectors vectors) {
    long left = plan.tensors().stream().filter(t -> !t.quantized()).count();
    int biases = plan.quantized(Role.BIAS).size();
    String beside =
        vectors.count() == 0
            ? ""
            : String.format(
                Locale.ROOT,
                ", beside %s of %,d numbers",
                counted(vectors.count(), "vector"),
                vectors.elements());
    return "%s, %s, %d %s; %s %s float%s"
        .formatted(
            counted(plan.quantized(Role.ACTIVATION).size(), "activation"),
            counted(plan.quantized(Role.WEIGHT).size(), "weight"),
            biases,
            biases == 1 ? "bias" : "biases",
            counted(left, "tensor"),
            left == 1 ? "stays" : "stay",
            beside);
  }

  static String quantization(QuantizeJob.Result result) {
    return "%s, %s of integers"
        .formatted(counted(result.constants(), "constant"), megabytes(result.weightBytes()));
  }

  static String quality(Quality quality) {
    Quality.OutputQuality headline = quality.headline();
    boolean labels = headline.labelsEqual().isPresent();
    return String.format(
        Locale.ROOT,
        "%s %.4f on %s",
        labels ? "equal labels" : "cosine",
        headline.cosineMean(),
        counted(quality.samples(), "sample"));
  }

  /** A number of things; the plural takes an s. */
  static String counted(long number, String thing) {
    return number + " " + thing + (number == 1 ? "" : "s");
  }

  static String megabytes(long bytes) {
    return String.format(Locale.ROOT, "%.1f MB", bytes / 1e6);
  }
}
