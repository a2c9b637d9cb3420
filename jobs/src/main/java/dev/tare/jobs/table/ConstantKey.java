package dev.tare.jobs.table;

import dev.tare.engine.plan.TensorPlan;
import dev.tare.engine.recipe.Role;

/**
 * What tells one quantized constant from another: a tensor may be the weight of one node and the
 * bias of another, and then it has the integers of both.
 *
 * @param role what it is to its consumers
 * @param tensor its name in the model
 */
public record ConstantKey(Role role, String tensor) {

  public static ConstantKey of(TensorPlan plan) {
    return new ConstantKey(plan.role(), plan.tensor());
  }
}
