package dev.tare.jobs.model;

import dev.tare.engine.model.FloatModel;
import dev.tare.engine.model.ModelFile;
import dev.tare.engine.plan.CorrectedBias;
import dev.tare.engine.plan.QuantPlan;
import dev.tare.engine.plan.QuantPlanJson;
import dev.tare.engine.plan.SmoothedInput;
import java.io.Serializable;
import java.util.List;
import java.util.SortedSet;

/**
 * A serializable reference to a model as a plan changes it before it quantizes: every JVM makes the
 * same from the original, so only that and the changes travel.
 *
 * @param model the original
 * @param changes as JSON, what {@link QuantPlanJson#formatSmoothed} writes
 * @param corrections as JSON, what {@link QuantPlanJson#formatCorrected} writes
 */
public record SmoothedHandle(ModelHandle model, String changes, String corrections)
    implements Serializable {

  private static final long serialVersionUID = 1L;

  /** A model with the smoothed inputs of a plan. */
  public static SmoothedHandle of(ModelHandle model, List<SmoothedInput> inputs) {
    return of(model, inputs, List.of());
  }

  /** A model with the smoothed inputs and the corrected biases of a plan. */
  public static SmoothedHandle of(
      ModelHandle model, List<SmoothedInput> inputs, List<CorrectedBias> biases) {
    return new SmoothedHandle(
        model, QuantPlanJson.formatSmoothed(inputs), QuantPlanJson.formatCorrected(biases));
  }

  /** A model with all changes of a plan. */
  public static SmoothedHandle of(ModelHandle model, QuantPlan plan) {
    return of(model, plan.smoothed(), plan.corrected());
  }

  /**
   * The prepared model with these changes, kept while memory lasts: the names of a plan's tensors
   * are of this one.
   *
   * @throws IllegalArgumentException if the changes contradict the model
   */
  public FloatModel prepared() {
    return ModelStore.ofJvm().smoothed(this);
  }

  /**
   * This model with more of its tensors as outputs, made on this machine, as {@link
   * ModelHandle#exposing}.
   */
  public ModelFile exposing(SortedSet<String> tensors) {
    return ModelStore.ofJvm().exposing(this, tensors);
  }

  List<SmoothedInput> inputs() {
    return QuantPlanJson.parseSmoothed(changes);
  }

  List<CorrectedBias> biases() {
    return QuantPlanJson.parseCorrected(corrections);
  }
}
