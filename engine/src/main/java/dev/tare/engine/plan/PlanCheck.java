package dev.tare.engine.plan;

import dev.tare.engine.quant.QuantParams;
import dev.tare.engine.recipe.Role;
import dev.tare.engine.tensor.Shape;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/**
 * Checks that a plan does not contradict itself; whether it fits a model is checked by the writer
 * of the model.
 */
final class PlanCheck {
  /** Relative tolerance of a scale, since other versions may have rounded differently. */
  static final double TOLERANCE = 1e-3;

  private PlanCheck() {}

  /**
   * Checks all tensors of a plan.
   *
   * @throws IllegalArgumentException naming the first tensor whose plan is contradictory
   */
  static void require(List<TensorPlan> tensors) {
    Set<String> seen = new HashSet<>();
    for (TensorPlan plan : tensors) {
      if (plan.tensor().isEmpty()) {
        throw new IllegalArgumentException("Invalid plan: a tensor without a name");
      }
      if (plan.quantized()) {
        requireQuantized(plan);
        // An activation may have a scale for some operators and be quantized at run time for
        // others.
        boolean constant = plan.role() != Role.ACTIVATION;
        String key = plan.role() + " " + (constant ? "" : plan.format()) + " " + plan.tensor();
        require(seen.add(key), plan, "it is planned twice");
      }
    }
  }

  private static void requireQuantized(TensorPlan plan) {
    require(!plan.consumers().isEmpty(), plan, "no operator reads it");
    if (plan.role() != Role.ACTIVATION) {
      require(plan.shape().isPresent(), plan, "the shape of a constant is missing");
      requireScales(plan, plan.shape().get());
    }
    for (int c = 0; c < plan.channels().size(); c++) {
      ChannelPlan channel = plan.channels().get(c);
      double share = channel.clippedShare();
      require(!(share < 0 || share > 1), plan, "a clipped share of " + share);
      if (plan.role() != Role.BIAS && plan.granularity().blockSize().isEmpty()) {
        requireOfRange(plan, channel, c);
      }
    }
  }

  private static void requireScales(TensorPlan plan, Shape shape) {
    int axis = plan.axis().orElse(0);
    require(
        plan.axis().isEmpty() || axis < shape.rank(), plan, "axis " + axis + " of shape " + shape);
    long wanted = plan.granularity().paramsShape(shape).size();
    require(
        wanted == plan.channels().size(),
        plan,
        "%d scales for shape %s %s".formatted(plan.channels().size(), shape, plan.granularity()));
  }

  /** The scale of a weight may be wider than its range needs, so that a bias fits its products. */
  private static void requireOfRange(TensorPlan plan, ChannelPlan channel, int index) {
    QuantParams own = channel.params();
    QuantParams expected = plan.target().params(channel.range());
    boolean wider = plan.role() == Role.WEIGHT && own.scale() > expected.scale();
    boolean near =
        Math.abs((double) own.scale() - expected.scale()) <= TOLERANCE * expected.scale();
    require(
        (near || wider) && Math.abs(own.zeroPoint() - expected.zeroPoint()) <= 1,
        plan,
        "scale %s and zero point %d at %d do not follow from its range [%s, %s]"
            .formatted(
                own.scale(),
                own.zeroPoint(),
                index,
                channel.range().low(),
                channel.range().high()));
  }

  private static void require(boolean condition, TensorPlan plan, String what) {
    if (!condition) {
      throw new IllegalArgumentException(
          "Invalid plan of %s '%s': %s"
              .formatted(plan.role().name().toLowerCase(Locale.ROOT), plan.tensor(), what));
    }
  }
}
