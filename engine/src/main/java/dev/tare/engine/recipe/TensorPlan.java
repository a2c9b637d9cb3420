package dev.tare.engine.recipe;

import dev.tare.engine.quant.Limits;
import dev.tare.engine.quant.QuantType;
import dev.tare.engine.tensor.Shape;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * The decision for one tensor.
 *
 * @param tensor name in the model
 * @param role what it is to its consumers
 * @param consumers names of the nodes that read it quantized, in graph order; for a tensor that
 *     stays float, the nodes that would have
 * @param floatReason why the tensor stays float; empty when it is quantized
 * @param shape shape of a constant; empty for an activation
 * @param type integer type
 * @param symmetric whether the zero point is forced to the middle
 * @param narrowRange whether the lowest integer is unused
 * @param reduceRange whether one bit less is used
 * @param method range selection method, as the recipe spells it
 * @param axis channel axis; empty for one scale per tensor
 * @param channels one entry per channel, or a single one; empty when the tensor stays float
 */
public record TensorPlan(
    String tensor,
    Role role,
    List<String> consumers,
    Optional<String> floatReason,
    Optional<Shape> shape,
    QuantType type,
    boolean symmetric,
    boolean narrowRange,
    boolean reduceRange,
    String method,
    OptionalInt axis,
    List<ChannelPlan> channels) {

  /**
   * @throws IllegalArgumentException if channels and axis, or channels and reason, contradict
   */
  public TensorPlan {
    consumers = List.copyOf(consumers);
    channels = List.copyOf(channels);
    if (floatReason.isPresent() != channels.isEmpty()) {
      throw new IllegalArgumentException(
          "Invalid plan of tensor '%s': %d channels and reason %s"
              .formatted(tensor, channels.size(), floatReason));
    }
    if (axis.isEmpty() && channels.size() > 1) {
      throw new IllegalArgumentException(
          "Invalid plan of tensor '%s': %d channels without an axis"
              .formatted(tensor, channels.size()));
    }
  }

  public boolean quantized() {
    return floatReason.isEmpty();
  }

  /** The integers that quantizing a constant by this plan yields. */
  public Limits limits() {
    return Limits.of(type, narrowRange, reduceRange);
  }

  /** Scales, one per channel or a single one. */
  public float[] scales() {
    float[] scales = new float[channels.size()];
    for (int c = 0; c < scales.length; c++) {
      scales[c] = channels.get(c).params().scale();
    }
    return scales;
  }

  /** Zero points, one per channel or a single one. */
  public int[] zeroPoints() {
    return channels.stream().mapToInt(c -> c.params().zeroPoint()).toArray();
  }
}
