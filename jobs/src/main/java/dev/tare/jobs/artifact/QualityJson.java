package dev.tare.jobs.artifact;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.tare.jobs.JsonText;
import java.util.List;

/**
 * The quality report as JSON, format version 1; numbers that JSON lacks are null. Keys may be
 * added.
 */
public final class QualityJson {

  private static final int FORMAT_VERSION = 1;

  /** Each label as a vector with a 1 at its place: the cosine is the share of equal labels. */
  private static final String LABELS = "labels, one-hot";

  private QualityJson() {}

  /** The report; the same figures give the same text. */
  public static String format(Quality quality) {
    ObjectNode root = JsonText.object();
    root.put("format-version", FORMAT_VERSION);
    root.put("samples", quality.samples());
    root.put("held-out", quality.heldOut());
    ArrayNode processors = root.putArray("cpus");
    quality.cpus().forEach(processors::add);
    root.put("gate", quality.gate().outcome());
    ArrayNode failures = root.putArray("gate-failures");
    quality.gate().failures().forEach(failures::add);
    ArrayNode outputs = root.putArray("outputs");
    for (Quality.OutputQuality output : quality.outputs()) {
      ObjectNode node = outputs.addObject();
      node.put("name", output.name());
      boolean labels = output.labelsEqual().isPresent();
      node.put("vector", output.pooled() ? "mean-pooled, normalized" : labels ? LABELS : "as is");
      JsonText.put(node, "sqnr-db", output.sqnrDb());
      ObjectNode cosine = node.putObject("cosine");
      JsonText.put(cosine, "mean", output.cosineMean());
      JsonText.put(cosine, "min", output.cosineMin());
      output.cosinePercentiles().forEach((p, value) -> JsonText.put(cosine, "p" + p, value));
      output.argmaxAgreement().ifPresent(share -> JsonText.put(node, "argmax-agreement", share));
      perSample(node, output.perSample());
      output.facts().ifPresent(facts -> facts(node, facts));
    }
    ArrayNode warnings = root.putArray("warnings");
    quality.warnings().forEach(warnings::add);
    quality
        .nearestNeighbour()
        .ifPresent(
            share -> {
              JsonText.put(root, "nearest-neighbour-agreement", share);
              root.put("nearest-neighbour-samples", quality.neighbourSamples());
            });
    JsonText.put(root, "quantized-time-over-float", quality.timeRatio());
    quality.sensitivity().ifPresent(measured -> sensitivity(root, measured));
    return JsonText.format(root);
  }

  private static void perSample(ObjectNode output, PerSample samples) {
    ObjectNode node = output.putObject("per-sample");
    numbers(node.putArray("cosine-quantiles"), samples.cosines());
    numbers(node.putArray("sqnr-db-quantiles"), samples.sqnrsDb());
    ArrayNode worst = node.putArray("worst");
    for (PerSample.Worst sample : samples.worst()) {
      ObjectNode one = worst.addObject();
      one.put("sample", sample.sample());
      JsonText.put(one, "cosine", sample.cosine());
      JsonText.put(one, "sqnr-db", sample.sqnrDb());
    }
    ObjectNode values = output.putObject("values");
    numbers(values.putArray("float"), samples.floats());
    numbers(values.putArray("quantized"), samples.quantized());
  }

  private static void facts(ObjectNode output, OutputFacts facts) {
    output.put("classes", facts.classes());
    JsonText.put(output, "largest-error", facts.largestError());
    facts.labelsEqual().ifPresent(share -> JsonText.put(output, "labels-equal", share));
    output.put("one-value", facts.oneValue());
    output.put("samples-of-other-shape", facts.otherShapes());
    output.put("samples-without-values", facts.withoutValues());
    output.put("equal-non-finite-values", facts.equalNonFinite());
    output.put("different-non-finite-values", facts.differentNonFinite());
    ArrayNode axes = output.putArray("channels");
    for (ChannelQuality channel : facts.channels()) {
      ObjectNode axis = axes.addObject();
      axis.put("axis", channel.axis());
      axis.put("channels", channel.channels());
      axis.put("below-%.0f-db".formatted(ChannelQuality.LIMIT_DB), channel.below());
      ObjectNode worst = axis.putObject("worst");
      worst.put("channel", channel.worst());
      JsonText.put(worst, "sqnr-db", channel.worstSqnrDb());
      JsonText.put(worst, "largest-error", channel.worstError());
      JsonText.put(worst, "float-low", channel.worstLow());
      JsonText.put(worst, "float-high", channel.worstHigh());
    }
  }

  private static void numbers(ArrayNode array, List<? extends Number> numbers) {
    for (Number number : numbers) {
      if (!Double.isFinite(number.doubleValue())) {
        array.addNull();
      } else if (number instanceof Float) {
        array.add(number.floatValue());
      } else {
        array.add(number.doubleValue());
      }
    }
  }

  private static void sensitivity(ObjectNode root, Sensitivity measured) {
    ObjectNode node = root.putObject("sensitivity");
    node.put("samples", measured.samples());
    JsonText.put(node, "cosine-mean", measured.quantized().cosineMean());
    JsonText.put(node, "sqnr-db", measured.quantized().sqnrDb());
    ArrayNode operators = node.putArray("operators");
    measured
        .operators()
        .forEach(
            (name, score) -> {
              ObjectNode operator = operators.addObject();
              operator.put("node", name);
              JsonText.put(operator, "cosine-mean", score.cosineMean());
              JsonText.put(operator, "sqnr-db", score.sqnrDb());
            });
  }
}
