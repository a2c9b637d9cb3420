package dev.tare.engine.export;

import dev.tare.engine.plan.PlanDocument;
import dev.tare.engine.plan.TensorPlan;
import dev.tare.engine.range.Range;
import dev.tare.engine.recipe.Role;
import dev.tare.engine.recipe.Words;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.SortedMap;
import java.util.TreeMap;

/** A text file for another tool, made from a finished plan. */
public enum PlanExport {
  /** Ranges of activations for AI Edge Quantizer. */
  AEQ_JSON("aeq-ranges.json", "tflite") {
    @Override
    Optional<String> content(PlanDocument plan, OptionalLong samples) {
      SortedMap<String, Range> ranges = new TreeMap<>();
      for (TensorPlan tensor : plan.listed()) {
        if (tensor.role() == Role.ACTIVATION
            && tensor.quantized()
            && tensor.channels().size() == 1) {
          ranges.put(tensor.tensor(), tensor.channels().range(0));
        }
      }
      return ranges.isEmpty()
          ? Optional.empty()
          : Optional.of(new AeqRanges(ranges, samples).format());
    }
  },
  /** Scales of activations for TensorRT up to 10. */
  TENSORRT_CACHE("calibration.cache", "tensorrt") {
    @Override
    Optional<String> content(PlanDocument plan, OptionalLong samples) {
      return CalibrationCaches.of(plan.target(), plan.listed()).map(TensorRtCache::format);
    }
  };

  private final String fileName;
  private final String target;

  PlanExport(String fileName, String target) {
    this.fileName = fileName;
    this.target = target;
  }

  /** What the file is usually called. */
  public String fileName() {
    return fileName;
  }

  abstract Optional<String> content(PlanDocument plan, OptionalLong samples);

  /**
   * The text of the file, to be encoded in UTF-8.
   *
   * @param samples number of samples that the plan's ranges come from; empty if unknown
   * @throws IllegalArgumentException if the plan is for another target, or quantizes no activation
   *     with scales that such a file can have
   */
  public String text(PlanDocument plan, OptionalLong samples) {
    if (!plan.target().equals(target)) {
      throw new IllegalArgumentException(
          "%s is for plans with target %s, and this one has %s"
              .formatted(Words.of(this), target, plan.target()));
    }
    return content(plan, samples)
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    "the plan has no activation with a scale that %s can have; a recipe with static activations gives them"
                        .formatted(Words.of(this))));
  }
}
