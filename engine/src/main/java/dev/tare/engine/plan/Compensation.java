package dev.tare.engine.plan;

import java.io.Serializable;
import java.util.List;

/**
 * The line on which the results of a quantized product are put, channel by channel, so that they
 * are nearer to the float model's: {@code gain * result + shift}.
 *
 * @param node the product
 * @param reader the node that adds the bias: the product itself, or an Add behind it
 * @param weight the constant that it multiplies by
 * @param bias the constant that it adds, as the plan changed it
 * @param result an unused name, for the bias if no earlier change named it
 * @param gains one for each output channel, positive; all 1 if the weight's scale is not that of
 *     one channel
 * @param shifts one for each output channel
 * @see <a href="https://arxiv.org/abs/2505.20932">Tang et al., QwT-v2</a>: an affine compensation
 *     of each channel behind a quantized module; its authors put it behind whole blocks
 */
public record Compensation(
    String node,
    String reader,
    String weight,
    String bias,
    String result,
    List<Float> gains,
    List<Float> shifts)
    implements Serializable {

  /**
   * @throws IllegalArgumentException if there are more gains than shifts, or fewer
   */
  public Compensation {
    gains = List.copyOf(gains);
    shifts = List.copyOf(shifts);
    if (gains.size() != shifts.size() || gains.isEmpty()) {
      throw new IllegalArgumentException(
          "Invalid compensation of node '%s': %d gains and %d shifts"
              .formatted(node, gains.size(), shifts.size()));
    }
  }

  /** Whether a factor is not 1. */
  boolean scales() {
    return gains.stream().anyMatch(gain -> gain != 1);
  }
}
