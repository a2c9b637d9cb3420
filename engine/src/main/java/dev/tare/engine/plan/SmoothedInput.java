package dev.tare.engine.plan;

import java.util.List;

/**
 * An input of products whose channels are multiplied by factors, while the rows of the weights that
 * multiply it are divided by them: in exact arithmetic the products stay the same.
 *
 * <p>What is quantized is {@code result}, which the products read instead of {@code tensor}; so the
 * change can be seen in a plan, and undone by multiplying the weights' rows by the factors.
 *
 * @param tensor the input, in the prepared model
 * @param axis of its channels: 1, or -1 for the last
 * @param result name of the input times the factors
 * @param consumers names of the products that read the result, in graph order; others still read
 *     the tensor
 * @param through names of nodes, from the one that computes the tensor back to the one at which the
 *     factors enter: in its constants if it is a Conv, MatMul, Gemm or LayerNormalization or
 *     multiplies by a constant, else by a Mul behind it. What these nodes compute is multiplied by
 *     the factors too, and only the next one reads it. Without any, a Mul computes the result from
 *     the tensor
 * @param alpha how much of the spread the weights took
 * @param factors one for each channel; positive and finite
 * @param offsets one for each channel, added behind the factors, or none: what they add to products
 *     is taken from the biases that follow these. Finite, and only with channels along the last
 *     axis; they enter at the first of the nodes that adds a constant, or else in an Add
 */
public record SmoothedInput(
    String tensor,
    int axis,
    String result,
    List<String> consumers,
    List<String> through,
    double alpha,
    List<Float> factors,
    List<Float> offsets) {

  /** The axis of channels that come last. */
  public static final int LAST = -1;

  /** What smoothing appends to the name of a tensor or constant that it changes. */
  public static final String SMOOTHED = "_smoothed";

  /** What equalization appends to it. */
  public static final String EQUALIZED = "_equalized";

  public static final List<String> SUFFIXES = List.of(SMOOTHED, EQUALIZED);

  /** An input with its channels along the last axis, multiplied by a Mul. */
  public SmoothedInput(
      String tensor, String result, List<String> consumers, double alpha, List<Float> factors) {
    this(tensor, LAST, result, consumers, List.of(), alpha, factors);
  }

  /** An input without offsets. */
  public SmoothedInput(
      String tensor,
      int axis,
      String result,
      List<String> consumers,
      List<String> through,
      double alpha,
      List<Float> factors) {
    this(tensor, axis, result, consumers, through, alpha, factors, List.of());
  }

  /** The same input with offsets. */
  public SmoothedInput shifted(List<Float> more) {
    return new SmoothedInput(tensor, axis, result, consumers, through, alpha, factors, more);
  }

  /**
   * @throws IllegalArgumentException if nothing reads it, its axis is another, or a factor is not
   *     positive and finite, or an offset does not fit
   */
  public SmoothedInput {
    consumers = List.copyOf(consumers);
    through = List.copyOf(through);
    factors = List.copyOf(factors);
    offsets = List.copyOf(offsets);
    if (tensor.isEmpty() || result.isEmpty() || tensor.equals(result) || consumers.isEmpty()) {
      throw new IllegalArgumentException(
          "Invalid plan: tensor '%s' is smoothed to '%s' for %s"
              .formatted(tensor, result, consumers));
    }
    if (axis != 1 && axis != LAST) {
      throw new IllegalArgumentException(
          "Invalid plan: tensor '%s' is smoothed along axis %d, not 1 or -1"
              .formatted(tensor, axis));
    }
    for (float factor : factors) {
      if (!(factor > 0) || Float.isInfinite(factor)) {
        throw new IllegalArgumentException(
            "Invalid plan: tensor '%s' is smoothed by a factor of %s".formatted(tensor, factor));
      }
    }
    boolean fit = offsets.size() == factors.size() && axis == LAST;
    if (!offsets.isEmpty() && !(fit && offsets.stream().allMatch(o -> Float.isFinite(o)))) {
      throw new IllegalArgumentException(
          "Invalid plan: tensor '%s' is shifted by offsets that do not fit its factors"
              .formatted(tensor));
    }
  }

  /** Whether it is one that plans of all versions with smoothed inputs can have. */
  boolean plain() {
    return axis == LAST && through.isEmpty();
  }

  /** Whether nodes before it take factors of its last axis. */
  boolean folded() {
    return axis == LAST && !through.isEmpty();
  }
}
