package dev.tare.engine.quant;

/**
 * Floating-point formats of 8 bits: a sign, an exponent and a mantissa, from the high bit down.
 *
 * <p>Formats of Micikevicius et al., "FP8 Formats for Deep Learning" (2022), and, with {@code FNUZ}
 * (finite, one NaN, unsigned zero), of Noune et al., "8-bit Numerical Formats for Deep Neural
 * Networks" (2022). The value of a code is {@code (-1)^sign * 2^(exponent - bias) * 1.mantissa},
 * or, if the exponent field is 0, {@code (-1)^sign * 2^(1 - bias) * 0.mantissa}, except:
 *
 * <pre>
 *             bias  largest  infinities  NaN               -0
 * E4M3FN       7      448    none        7F, FF            80
 * E4M3FNUZ     8      240    none        80                none
 * E5M2        15    57344    7C, FC      7D..7F, FD..FF    80
 * E5M2FNUZ    16    57344    none        80                none
 * </pre>
 *
 * <p>Rounding to a code is half to even, then saturation to the largest finite number, infinities
 * too: the table of ONNX Cast for {@code saturate = 1}. NaN stays NaN, as the code with all bits
 * set below the sign, or 80. Laws: {@code encode(decode(c)) = c} unless c is NaN or infinite, and
 * {@code decode} is exact.
 */
public enum Float8 {
  E4M3FN(3, 7, 0x7e),
  E4M3FNUZ(3, 8, 0x7f),
  E5M2(2, 15, 0x7b),
  E5M2FNUZ(2, 16, 0x7f);

  private static final int FLOAT_MANTISSA = 23;
  private static final int FLOAT_BIAS = 127;
  private static final int FLOAT_INFINITY = 0x7f800000;
  private static final int SIGN = 0x80;

  private final int mantissaBits;
  private final int bias;
  private final int largest;
  private final boolean unsignedZero;

  /** Never changed after construction, never exposed. */
  @SuppressWarnings("ImmutableEnumChecker")
  private final float[] values = new float[256];

  /** Float32 bits of the smallest normal number and of the largest. */
  private final int normal;

  private final int max;

  /** A float32 whose last mantissa bit is worth the smallest subnormal number. */
  private final float rounder;

  Float8(int mantissaBits, int bias, int largest) {
    this.mantissaBits = mantissaBits;
    this.bias = bias;
    this.largest = largest;
    this.unsignedZero = largest == 0x7f;
    for (int code = 0; code < values.length; code++) {
      values[code] = value(code);
    }
    this.normal = Float.floatToRawIntBits(Math.scalb(1f, 1 - bias));
    this.max = Float.floatToRawIntBits(values[largest]);
    this.rounder = Math.scalb(1f, 1 - bias - mantissaBits + FLOAT_MANTISSA);
  }

  private float value(int code) {
    int magnitude = code & 0x7f;
    if (unsignedZero && code == SIGN) {
      return Float.NaN;
    }
    int exponent = magnitude >>> mantissaBits;
    int mantissa = magnitude & (1 << mantissaBits) - 1;
    float value =
        exponent == 0
            ? Math.scalb((float) mantissa, 1 - bias - mantissaBits)
            : Math.scalb((float) (mantissa | 1 << mantissaBits), exponent - bias - mantissaBits);
    if (magnitude > largest) {
      boolean infinite = this.hasInfinities() && mantissa == 0;
      value = infinite ? Float.POSITIVE_INFINITY : Float.NaN;
    }
    return code < SIGN ? value : -value;
  }

  /** The exponent field of 1. */
  public int bias() {
    return bias;
  }

  /** The mantissa bits that a code stores. */
  public int mantissaBits() {
    return mantissaBits;
  }

  /** The largest finite number. */
  public float maxFinite() {
    return values[largest];
  }

  /** The code of NaN that {@link #encode} gives for a positive one. */
  public int nanCode() {
    return unsignedZero ? SIGN : 0x7f;
  }

  /** Whether codes for infinities exist; saturation never yields them. */
  public boolean hasInfinities() {
    return largest == 0x7b;
  }

  /**
   * Decodes a code.
   *
   * @param code only the low 8 bits count
   */
  public float decode(int code) {
    return values[code & 0xff];
  }

  /**
   * Encodes a number as the nearest representable one.
   *
   * @return in [0, 255]
   */
  public int encode(float x) {
    int bits = Float.floatToRawIntBits(x);
    int sign = bits >>> 24 & SIGN;
    int magnitude = bits & Integer.MAX_VALUE;
    if (magnitude > FLOAT_INFINITY) {
      return nanCode() | sign;
    }
    int code = magnitude >= max ? largest : rounded(magnitude);
    return code == 0 && unsignedZero ? 0 : code | sign;
  }

  private int rounded(int magnitude) {
    if (magnitude < normal) {
      float sum = Float.intBitsToFloat(magnitude) + rounder;
      return Float.floatToRawIntBits(sum) - Float.floatToRawIntBits(rounder);
    }
    int dropped = FLOAT_MANTISSA - mantissaBits;
    int even = magnitude >>> dropped & 1;
    int nearest = (magnitude + (1 << (dropped - 1)) - 1 + even) >>> dropped;
    return nearest - ((FLOAT_BIAS - bias) << mantissaBits);
  }
}
