package dev.tare.jobs.model;

import dev.tare.engine.model.FloatModel;
import dev.tare.engine.plan.QuantPlanJson;
import dev.tare.engine.plan.SmoothedInput;
import java.io.Serializable;
import java.util.List;

/**
 * A serializable reference to a model as a plan changes it before it quantizes: every JVM makes the
 * same from the original, so only that and the changes travel.
 *
 * @param model the original
 * @param changes as JSON, what {@link QuantPlanJson#formatSmoothed} writes
 */
public record SmoothedHandle(ModelHandle model, String changes) implements Serializable {

  private static final long serialVersionUID = 1L;

  /** A model with the smoothed inputs of a plan. */
  public static SmoothedHandle of(ModelHandle model, List<SmoothedInput> inputs) {
    return new SmoothedHandle(model, QuantPlanJson.formatSmoothed(inputs));
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

  List<SmoothedInput> inputs() {
    return QuantPlanJson.parseSmoothed(changes);
  }
}
