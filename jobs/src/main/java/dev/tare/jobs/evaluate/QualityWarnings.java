package dev.tare.jobs.evaluate;

import dev.tare.jobs.artifact.ChannelQuality;
import dev.tare.jobs.artifact.OutputFacts;
import dev.tare.jobs.artifact.Quality;
import dev.tare.jobs.artifact.TargetQuality;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** Warnings about differences that the cosine does not show, one sentence each. */
final class QualityWarnings {

  /** A channel so much worse than its output is hidden by it: half the error and less. */
  private static final double HIDDEN_DB = 6;

  private QualityWarnings() {}

  /**
   * @param others names of outputs that could not be compared
   */
  static List<String> of(List<Quality.OutputQuality> outputs, List<String> others, long samples) {
    List<String> warnings = new ArrayList<>();
    for (String other : others) {
      warnings.add(
          "'%s' is not compared: it is no tensor and no sequence of maps to numbers, or of another kind in the quantized model"
              .formatted(other));
    }
    outputs.forEach(
        output -> output.facts().ifPresent(facts -> of(output, facts, samples, warnings)));
    return warnings;
  }

  private static void of(
      Quality.OutputQuality output, OutputFacts facts, long samples, List<String> warnings) {
    String name = "'" + output.name() + "'";
    if (facts.otherShapes() > 0) {
      warnings.add(
          "%s has another shape in the quantized model for %d of %d samples; the figures are over the others"
              .formatted(name, facts.otherShapes(), samples));
    }
    if (facts.withoutValues() > 0) {
      warnings.add(
          "%s has no finite value to compare for %d of %d samples; the figures are over the others"
              .formatted(name, facts.withoutValues(), samples));
    }
    if (facts.equalNonFinite() > 0) {
      warnings.add(
          "%s: %d values are the same infinity, or NaN, in both models; the figures are over the others"
              .formatted(name, facts.equalNonFinite()));
    }
    if (facts.differentNonFinite() > 0) {
      warnings.add(
          "%s: %d values are infinite or NaN in one model and not so in the other; the figures are over the others, and no gate is passed"
              .formatted(name, facts.differentNonFinite()));
    }
    if (facts.oneValue()) {
      warnings.add(oneValue(output, facts, name));
    }
    hidden(output, facts).ifPresent(channel -> warnings.add(channel(channel, name)));
  }

  /** A target that computes something else than was predicted. */
  static List<String> of(TargetQuality measured) {
    return measured.differing().stream()
        .map(
            output ->
                String.format(
                    Locale.ROOT,
                    "'%s' was predicted at %.2f dB, and target %s computes it at %.2f dB: %s",
                    output.name(),
                    output.predictedSqnrDb(),
                    measured.target(),
                    output.measuredSqnrDb(),
                    measured.parting().orElse("where they part is unknown")))
        .toList();
  }

  private static String oneValue(Quality.OutputQuality output, OutputFacts facts, String name) {
    return facts
        .worstChannel()
        .map(
            only ->
                String.format(
                    Locale.ROOT,
                    "%s is one value a sample, whose cosine can only be 1 or -1: its SQNR is %.2f"
                        + " dB and its largest error %.4g, where the float model gives %.4g to"
                        + " %.4g",
                    name,
                    output.sqnrDb(),
                    facts.largestError(),
                    only.worstLow(),
                    only.worstHigh()))
        .orElse(name + " is one value a sample, whose cosine can only be 1 or -1");
  }

  /** Only the largest class matters, so classes that are rarely the largest need less precision. */
  private static Optional<ChannelQuality> hidden(Quality.OutputQuality output, OutputFacts facts) {
    return facts
        .worstChannel()
        .filter(channel -> !facts.classes() && !facts.oneValue())
        .filter(channel -> channel.worstSqnrDb() < ChannelQuality.LIMIT_DB)
        .filter(channel -> channel.worstSqnrDb() <= output.sqnrDb() - HIDDEN_DB);
  }

  private static String channel(ChannelQuality channel, String name) {
    return String.format(
        Locale.ROOT,
        "%s: %d of %d channels of %s are below %.0f dB; the worst, channel %d, has %.2f dB and"
            + " errors up to %.4g, where the float model gives %.4g to %.4g",
        name,
        channel.below(),
        channel.channels(),
        channel.axis() < 0 ? "the last axis" : "axis " + channel.axis(),
        ChannelQuality.LIMIT_DB,
        channel.worst(),
        channel.worstSqnrDb(),
        channel.worstError(),
        channel.worstLow(),
        channel.worstHigh());
  }
}
