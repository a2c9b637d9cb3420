package dev.tare.engine.export;

import dev.tare.engine.plan.TensorPlan;
import dev.tare.engine.quant.QuantType;
import dev.tare.engine.recipe.Role;
import dev.tare.engine.target.CacheHeader;
import dev.tare.engine.target.Targets;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** Calibration caches of finished plans. */
public final class CalibrationCaches {

  private CalibrationCaches() {}

  /**
   * Returns the cache of a plan: the scale of every activation that is quantized as symmetric int8
   * with one scale, sorted by name; empty if the plan's target has no such file, or if the plan
   * quantizes no activation so.
   *
   * @param tensors those of the plan
   * @throws IllegalArgumentException if the plan's target is unknown, or a tensor's name cannot be
   *     written into a line
   */
  public static Optional<TensorRtCache> of(String target, List<TensorPlan> tensors) {
    Optional<CacheHeader> header = Targets.of(target).data().calibrationCache();
    Map<String, Float> scales = new TreeMap<>();
    for (TensorPlan activation : tensors) {
      if (activation.role() == Role.ACTIVATION
          && activation.quantized()
          && activation.type() == QuantType.INT8
          && activation.channels().size() == 1
          && activation.channels().haveZeroPoint(0)) {
        scales.put(activation.tensor(), activation.channels().scale(0));
      }
    }
    return header
        .filter(h -> !scales.isEmpty())
        .map(h -> new TensorRtCache(h.version(), h.algorithm(), scales));
  }
}
