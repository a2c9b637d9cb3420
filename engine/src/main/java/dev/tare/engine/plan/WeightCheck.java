package dev.tare.engine.plan;

import dev.tare.engine.graph.ModelGraph;
import dev.tare.engine.graph.QuantizableNode;
import dev.tare.engine.quant.QuantError;
import dev.tare.engine.quant.QuantParams;
import dev.tare.engine.recipe.Role;
import dev.tare.engine.target.TargetProfile;
import dev.tare.engine.tensor.DType;
import dev.tare.engine.tensor.Tensor;
import java.nio.FloatBuffer;

/**
 * Checks a plan against the weights of its model: ranges must not clip more than the plan says,
 * scales must not lose more accuracy, and no scale may be wider than its range and biases need.
 */
public final class WeightCheck {

  /**
   * How much worse a measured error may be than the plan's: other versions may have rounded
   * differently.
   */
  private static final double TOLERANCE_DB = 1;

  /** Above this, the rounding of the scale can change the error by more than the tolerance. */
  private static final double EXACT_DB = 60;

  private WeightCheck() {}

  /**
   * Checks that a weight quantized by its plan has the error that the plan states.
   *
   * <p>Costs a pass over the values, and their quantization.
   *
   * @throws IllegalArgumentException naming the channel, if the values contradict the plan
   */
  public static void require(Tensor weight, TensorPlan plan) {
    boolean planned = plan.shape().filter(weight.shape()::equals).isPresent();
    if (!planned || weight.dtype() != DType.FLOAT32) {
      throw new IllegalArgumentException(
          "it is %s of shape %s, but was planned as FLOAT32 of shape %s"
              .formatted(weight.dtype(), weight.shape(), plan.shape().orElse(null)));
    }
    WeightRuns runs = WeightRuns.of(weight.shape(), plan.granularity());
    FloatBuffer values = weight.floats();
    QuantError error = QuantError.NONE;
    boolean blocks = plan.granularity().blockSize().isPresent();
    for (int c = 0; c < runs.count(); ) {
      for (float[] ofScale : runs.tile(values, c)) {
        ChannelPlan channel = plan.channels().get(c);
        if (blocks) {
          error = error.plus(WeightPlanner.error(ofScale, channel.params(), plan.target()));
        } else {
          requireChannel(ofScale, plan, channel, c);
        }
        c++;
      }
    }
    if (blocks) {
      requireError(error, plan.channels().get(0), "as a whole");
    }
  }

  private static void requireChannel(
      float[] values, TensorPlan plan, ChannelPlan channel, int index) {
    String where = "in channel " + index;
    int clipped = WeightPlanner.clipped(values, channel.range());
    if (Math.abs(clipped - channel.clippedShare() * values.length) > .5) {
      throw new IllegalArgumentException(
          "%d of %d values %s are outside the range [%s, %s], but the plan gives a clipped share of %s"
              .formatted(
                  clipped,
                  values.length,
                  where,
                  channel.range().low(),
                  channel.range().high(),
                  channel.clippedShare()));
    }
    // The plan's figure was computed before a bias widened the scale.
    QuantParams fitting = plan.target().params(channel.range());
    QuantParams params = channel.params().scale() > fitting.scale() ? fitting : channel.params();
    requireError(WeightPlanner.error(values, params, plan.target()), channel, where);
  }

  private static void requireError(QuantError error, ChannelPlan channel, String where) {
    double planned = channel.expectedSqnrDb();
    if (Math.min(planned, EXACT_DB) - error.sqnrDb() > TOLERANCE_DB) {
      throw new IllegalArgumentException(
          "its values keep an SQNR of %.2f dB %s, but the plan expects %.2f dB"
              .formatted(error.sqnrDb(), where, planned));
    }
  }

  /**
   * Checks that a scale of a weight is wider than its range needs only because of a bias.
   *
   * @param source the model that the plan was made for
   * @param weight a quantized weight of the plan
   * @throws IllegalArgumentException naming the channel, if no bias explains a scale
   */
  public static void requireWidthExplained(
      TargetProfile target, ModelGraph source, QuantPlan plan, TensorPlan weight) {
    if (weight.granularity().blockSize().isPresent()) {
      return;
    }
    float[] floors = null;
    for (int c = 0; c < weight.channels().size(); c++) {
      ChannelPlan channel = weight.channels().get(c);
      float own = channel.params().scale();
      float fitting = weight.target().params(channel.range()).scale();
      if (own <= fitting * (1 + PlanCheck.TOLERANCE)) {
        continue;
      }
      floors = floors == null ? floors(target, source, plan, weight) : floors;
      if (own > floors[c] * (1 + PlanCheck.TOLERANCE)) {
        throw new IllegalArgumentException(
            "Invalid plan of weight '%s': scale %s in channel %d is wider than its range [%s, %s] and its biases need"
                .formatted(weight.tensor(), own, c, channel.range().low(), channel.range().high()));
      }
    }
  }

  /**
   * Returns the smallest scales of a weight with which the biases of all its operators fit their
   * form.
   */
  private static float[] floors(
      TargetProfile target, ModelGraph source, QuantPlan plan, TensorPlan weight) {
    float[] floors = new float[weight.channels().size()];
    for (QuantizableNode node : source.nodes()) {
      if (!node.weight().equals(weight.tensor()) || target.biasOf(node).isEmpty()) {
        continue;
      }
      for (TensorPlan input : plan.tensors()) {
        boolean reads =
            input.role() == Role.ACTIVATION
                && input.tensor().equals(node.input())
                && !input.channels().isEmpty();
        Tensor bias = source.constant(node.bias().get());
        if (!reads || bias.dtype() != DType.FLOAT32) {
          continue;
        }
        float[] values = bias.toFloatArray();
        for (int c = 0; c < values.length; c++) {
          int w = weight.axis().isPresent() ? Math.min(c, floors.length - 1) : 0;
          floors[w] =
              Math.max(
                  floors[w], Biases.floor(values[c], input, target.bias().orElseThrow().maxCode()));
        }
      }
    }
    for (int w = 0; w < floors.length; w++) {
      floors[w] = weight.target().atLeast(floors[w]);
    }
    return floors;
  }
}
