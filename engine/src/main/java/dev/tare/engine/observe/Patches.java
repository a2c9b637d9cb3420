package dev.tare.engine.observe;

import dev.tare.engine.tensor.Shape;
import java.io.Serializable;
import java.util.Collections;
import java.util.List;
import java.util.StringJoiner;

/**
 * Which values of an input a convolution without groups multiplies for one position of its result:
 * a window over the spatial axes of {@code [N, C, ...]}, of all channels. Outside the input are
 * zeros.
 *
 * @param kernel taps along each spatial axis
 * @param strides steps between windows along each axis
 * @param dilations steps between taps along each axis
 * @param pads zeros before the first value of each axis, then those behind the last; all 0 with
 *     another padding than {@link Padding#GIVEN}
 * @param padding whether they follow from the size of the input instead
 */
public record Patches(
    List<Integer> kernel,
    List<Integer> strides,
    List<Integer> dilations,
    List<Integer> pads,
    Padding padding)
    implements Serializable {

  /** Where zeros are, as ONNX's {@code auto_pad} says. */
  public enum Padding {
    GIVEN,
    SAME_UPPER,
    SAME_LOWER
  }

  /**
   * @throws IllegalArgumentException if sizes differ, or a number is impossible
   */
  public Patches {
    kernel = List.copyOf(kernel);
    strides = List.copyOf(strides);
    dilations = List.copyOf(dilations);
    pads = List.copyOf(pads);
    int axes = kernel.size();
    boolean sizes =
        axes > 0
            && strides.size() == axes
            && dilations.size() == axes
            && pads.size() == 2 * axes
            && kernel.stream().allMatch(k -> k > 0)
            && strides.stream().allMatch(k -> k > 0)
            && dilations.stream().allMatch(k -> k > 0)
            && pads.stream().allMatch(k -> k >= 0);
    if (!sizes) {
      throw new IllegalArgumentException(
          "Invalid patches: kernel %s, strides %s, dilations %s, pads %s"
              .formatted(kernel, strides, dilations, pads));
    }
  }

  /** Values of one channel in a patch. */
  public int taps() {
    return kernel.stream().reduce(1, Math::multiplyExact);
  }

  /** Whether each patch is one position of the input, and each position one patch. */
  public boolean pointwise() {
    return taps() == 1
        && strides.stream().allMatch(k -> k == 1)
        && pads.stream().allMatch(k -> k == 0);
  }

  /**
   * The name of a tensor's matrix over these patches: the tensor's own where patches are positions,
   * else with the patches behind it in brackets, as in {@code x[3x3 strides 2x2 pads 1x1x1x1]}.
   */
  public String matrix(String tensor) {
    if (pointwise()) {
      return tensor;
    }
    StringJoiner text = new StringJoiner(" ", tensor + "[", "]").add(joined(kernel));
    named(text, "strides", strides, Collections.nCopies(strides.size(), 1));
    named(text, "dilations", dilations, Collections.nCopies(dilations.size(), 1));
    named(text, "pads", pads, Collections.nCopies(pads.size(), 0));
    if (padding != Padding.GIVEN) {
      text.add(padding == Padding.SAME_UPPER ? "same-upper" : "same-lower");
    }
    return text.toString();
  }

  private static void named(
      StringJoiner text, String name, List<Integer> numbers, List<Integer> usual) {
    if (!numbers.equals(usual)) {
      text.add(name).add(joined(numbers));
    }
  }

  private static String joined(List<Integer> numbers) {
    return String.join("x", numbers.stream().map(String::valueOf).toList());
  }

  /**
   * The windows over an input.
   *
   * @param shape of the input, {@code [N, C, ...]}
   * @throws ChannelsDifferException if it has another number of axes
   */
  PatchGrid over(String tensor, Shape shape) {
    if (shape.rank() != kernel.size() + 2) {
      throw new ChannelsDifferException(
          "Cannot observe patches of tensor '%s' of shape %s: they have %d axes"
              .formatted(tensor, shape, kernel.size()));
    }
    return new PatchGrid(this, shape);
  }
}
