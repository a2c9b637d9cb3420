package dev.tare.engine.histogram;

/**
 * The fixed map from finite floats to bins: sign, exponent and the first m mantissa bits.
 *
 * <p>The <em>raw index</em> is {@code floatToRawIntBits(x) >>> (23 - m)}; in raw order negatives
 * come after positives and are reversed. The public <em>bin</em> number is a signed int that is
 * ordered by value: raw index i of a value with sign bit 0 is bin i, and the same bits with sign
 * bit 1 are bin -i - 1 (the complement of i). Bins are absolute: they depend only on m, so states
 * merge by adding counts.
 *
 * <p>Bins from 0 on are [lower, upper), bins below 0 are (lower, upper]. Zeros belong to no bin and
 * are counted separately; subnormals whose leading bits are 0 are in bin 0 or -1, whose edge at 0
 * is therefore open. The last bin on each side ends at an infinity.
 *
 * <p>A bin of m bits is inside one bin of any m' below m, which is {@code bin >> (m - m')}.
 *
 * <p>HdrHistogram and DDSketch bin log-linearly too; here the float format itself takes the
 * logarithm.
 */
public final class FloatBins {

  /** Largest number of mantissa bits: every fp16 and every bf16 value has its own bin. */
  public static final int MAX_MANTISSA_BITS = 10;

  private static final int FRACTION_BITS = 23;
  private static final int FINITE_EXPONENTS = 255;

  private static final FloatBins[] ALL = new FloatBins[MAX_MANTISSA_BITS + 1];

  static {
    for (int bits = 1; bits <= MAX_MANTISSA_BITS; bits++) {
      ALL[bits] = new FloatBins(bits);
    }
  }

  private final int mantissaBits;
  private final int shift;

  private FloatBins(int mantissaBits) {
    this.mantissaBits = mantissaBits;
    this.shift = FRACTION_BITS - mantissaBits;
  }

  /**
   * The bins of m mantissa bits.
   *
   * @param mantissaBits in [1, 10]
   * @throws IllegalArgumentException if it is out of bounds
   */
  public static FloatBins of(int mantissaBits) {
    if (mantissaBits < 1 || mantissaBits > MAX_MANTISSA_BITS) {
      throw new IllegalArgumentException(
          "Invalid number of mantissa bits: %d is outside [1, %d]"
              .formatted(mantissaBits, MAX_MANTISSA_BITS));
    }
    return ALL[mantissaBits];
  }

  public int mantissaBits() {
    return mantissaBits;
  }

  /** Number of bins on each side of 0; bins are in [-binsPerSign, binsPerSign). */
  public int binsPerSign() {
    return FINITE_EXPONENTS << mantissaBits;
  }

  /** Sign, exponent and leading mantissa bits, in [0, 2^(9 + m)); any float has one. */
  public int rawIndex(float value) {
    return Float.floatToRawIntBits(value) >>> shift;
  }

  /**
   * Returns the bin of a value.
   *
   * @param value finite and not 0
   * @throws IllegalArgumentException if it is 0, infinite or NaN
   */
  public int bin(float value) {
    if (value == 0 || !Float.isFinite(value)) {
      throw new IllegalArgumentException("No bin contains " + value);
    }
    return binOfRawIndex(rawIndex(value));
  }

  /**
   * Returns the bin of a raw index.
   *
   * @throws IllegalArgumentException if the index is outside [0, 2^(9 + m)) or of exponent 255
   */
  public int binOfRawIndex(int rawIndex) {
    int magnitude = rawIndex & ((1 << (8 + mantissaBits)) - 1);
    if (rawIndex < 0 || rawIndex >> (9 + mantissaBits) != 0 || magnitude >= binsPerSign()) {
      throw new IllegalArgumentException("No bin has the raw index " + rawIndex);
    }
    return rawIndex == magnitude ? magnitude : ~magnitude;
  }

  /**
   * Returns the raw index of a bin.
   *
   * @throws IllegalArgumentException if the bin is outside [-binsPerSign, binsPerSign)
   */
  public int rawIndexOf(int bin) {
    int magnitude = magnitude(bin);
    return bin >= 0 ? magnitude : magnitude | (1 << (8 + mantissaBits));
  }

  /**
   * The lower edge, exact: included for bins above 0, excluded for bin 0 and for those below 0.
   *
   * @throws IllegalArgumentException if the bin is outside [-binsPerSign, binsPerSign)
   */
  public float lower(int bin) {
    int magnitude = magnitude(bin);
    return bin >= 0 ? edge(magnitude) : -edge(magnitude + 1);
  }

  /**
   * The upper edge, exact: excluded for bins from -1 on, included for those below -1.
   *
   * @throws IllegalArgumentException if the bin is outside [-binsPerSign, binsPerSign)
   */
  public float upper(int bin) {
    int magnitude = magnitude(bin);
    return bin >= 0 ? edge(magnitude + 1) : 0.0f - edge(magnitude);
  }

  /**
   * The bin of fewer mantissa bits that contains a bin of these.
   *
   * @throws IllegalArgumentException if the bin is outside [-binsPerSign, binsPerSign), or {@code
   *     coarser} has more bits
   */
  public int coarsen(int bin, FloatBins coarser) {
    magnitude(bin);
    return bin >> coarseningShift(coarser);
  }

  int coarseningShift(FloatBins coarser) {
    if (coarser.mantissaBits > mantissaBits) {
      throw new IllegalArgumentException(
          "Cannot coarsen bins of %d mantissa bits to %d"
              .formatted(mantissaBits, coarser.mantissaBits));
    }
    return mantissaBits - coarser.mantissaBits;
  }

  private int magnitude(int bin) {
    int magnitude = bin >= 0 ? bin : ~bin;
    if (magnitude >= binsPerSign()) {
      throw new IllegalArgumentException(
          "Bin %d is outside [%d, %d)".formatted(bin, -binsPerSign(), binsPerSign()));
    }
    return magnitude;
  }

  private float edge(int magnitude) {
    return Float.intBitsToFloat(magnitude << shift);
  }

  @Override
  public String toString() {
    return "FloatBins[" + mantissaBits + " mantissa bits]";
  }
}
