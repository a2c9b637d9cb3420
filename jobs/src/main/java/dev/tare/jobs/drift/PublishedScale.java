package dev.tare.jobs.drift;

import dev.tare.engine.plan.QuantPlan;
import dev.tare.engine.plan.TensorPlan;
import dev.tare.engine.quant.Limits;
import dev.tare.engine.quant.QuantParams;
import dev.tare.engine.quant.QuantType;
import dev.tare.engine.recipe.Role;
import java.io.Serializable;
import java.util.TreeMap;

/** The scale of an activation, serializable for executors. */
record PublishedScale(QuantType type, float scale, int zeroPoint) implements Serializable {

  /** Returns the scales of a plan's activations, by tensor. */
  static TreeMap<String, PublishedScale> of(QuantPlan plan) {
    TreeMap<String, PublishedScale> scales = new TreeMap<>();
    for (TensorPlan tensor : plan.quantized(Role.ACTIVATION)) {
      if (tensor.channels().size() == 1) {
        QuantParams params = tensor.channels().params(0);
        scales.put(
            tensor.tensor(), new PublishedScale(params.type(), params.scale(), params.zeroPoint()));
      }
    }
    return scales;
  }

  QuantParams params() {
    return new QuantParams(type, scale, zeroPoint);
  }

  /** Runtimes saturate activations to the full range of the type. */
  Limits limits() {
    return Limits.of(type);
  }
}
