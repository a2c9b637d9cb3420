package dev.tare.jobs.table;

import dev.tare.engine.plan.TensorPlan;
import dev.tare.engine.recipe.Role;

/**
 * Identifies a quantized constant: a tensor may be the weight of one node and the bias of another,
 * and then has two sets of integers.
 *
 * @param role its role for its consumers
 * @param tensor its name in the model
 */
public record ConstantKey(Role role, String tensor) {

  public static ConstantKey of(TensorPlan plan) {
    return new ConstantKey(plan.role(), plan.tensor());
  }
}
