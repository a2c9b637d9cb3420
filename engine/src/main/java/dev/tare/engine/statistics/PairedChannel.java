package dev.tare.engine.statistics;

/**
 * The paired sums of one channel over both halves of the samples, so that what is found on one can
 * be tried on the other.
 *
 * @param exponent of the channel's scale, a power of two: the code of x is {@code rint(x *
 *     2^-exponent)}
 * @param first over the samples of one half
 * @param second over those of the other
 */
public record PairedChannel(int exponent, PairedSums first, PairedSums second) {

  /**
   * @throws IllegalArgumentException if the scale is impossible
   */
  public PairedChannel {
    GramScales.require(exponent);
  }

  /** The sums over all samples. */
  public PairedSums both() {
    return first.merge(second);
  }

  PairedChannel merge(PairedChannel other) {
    return new PairedChannel(exponent, first.merge(other.first), second.merge(other.second));
  }
}
