package dev.tare.engine.quant;

import java.util.Arrays;

/**
 * A table of real numbers that codes stand for: a mapping that need not be linear. Immutable, equal
 * by content.
 *
 * <p>Rounding to a code is to the nearest number. Exactly between two it is the one of the smaller
 * magnitude, compared in float64, so that a table that is symmetric around 0 rounds symmetrically.
 * Numbers and infinities beyond the ends become the ends. Of codes with one number ({@code 0} and
 * {@code -0}) the lowest is used. Law: {@code decode(encode(decode(c))) == decode(c)}.
 *
 * <p>{@link #NF4} and {@link #FP4} are the tables of bitsandbytes, for values over the largest
 * magnitude of their block. NF4: Dettmers et al., "QLoRA: Efficient Finetuning of Quantized LLMs"
 * (2023), appendix E; its numbers are quantiles of a normal distribution. FP4: a sign, two bits of
 * exponent and one of mantissa, over 12.
 */
public final class Codebook {

  static final Codebook NF4 =
      new Codebook(
          -1f,
          -0.6961928f,
          -0.52507305f,
          -0.3949175f,
          -0.28444138f,
          -0.18477343f,
          -0.091050036f,
          0f,
          0.0795803f,
          0.1609302f,
          0.2461123f,
          0.33791524f,
          0.44070983f,
          0.562617f,
          0.72295684f,
          1f);

  static final Codebook FP4 =
      new Codebook(
          0f,
          0.0052083335f,
          0.6666667f,
          1f,
          0.33333334f,
          0.5f,
          0.16666667f,
          0.25f,
          -0f,
          -0.0052083335f,
          -0.6666667f,
          -1f,
          -0.33333334f,
          -0.5f,
          -0.16666667f,
          -0.25f);

  private final float[] numbers;

  /** Codes by their numbers, ascending, each number once. */
  private final int[] codes;

  /** The largest float of all cells but the last. */
  private final float[] ends;

  /**
   * @param numbers by code: 1 to 256, finite
   * @throws IllegalArgumentException if there are none, too many, or one is not finite
   */
  public Codebook(float... numbers) {
    if (numbers.length == 0 || numbers.length > 1 << Byte.SIZE) {
      throw new IllegalArgumentException(
          "Invalid codebook of %d numbers: 1 to 256 have a code".formatted(numbers.length));
    }
    for (float number : numbers) {
      if (!Float.isFinite(number)) {
        throw new IllegalArgumentException("Invalid number of a codebook: " + number);
      }
    }
    this.numbers = numbers.clone();
    float[] sorted = distinct(numbers);
    this.codes = new int[sorted.length];
    for (int i = 0; i < sorted.length; i++) {
      while (numbers[codes[i]] != sorted[i]) {
        codes[i]++;
      }
    }
    this.ends = new float[sorted.length - 1];
    for (int i = 0; i < ends.length; i++) {
      ends[i] = end(sorted[i], sorted[i + 1]);
    }
  }

  private static float[] distinct(float[] numbers) {
    float[] sorted = new float[numbers.length];
    for (int i = 0; i < sorted.length; i++) {
      // -0 is the same number as 0.
      sorted[i] = numbers[i] + 0f;
    }
    Arrays.sort(sorted);
    int count = 1;
    for (int i = 1; i < sorted.length; i++) {
      if (sorted[i] != sorted[count - 1]) {
        sorted[count++] = sorted[i];
      }
    }
    return Arrays.copyOf(sorted, count);
  }

  private static float end(float lower, float upper) {
    double middle = ((double) lower + upper) / 2;
    float end = (float) middle;
    while (end > middle || (end == middle && middle < 0)) {
      end = Math.nextDown(end);
    }
    return end;
  }

  /** How many codes there are. */
  public int size() {
    return numbers.length;
  }

  /**
   * The number of a code.
   *
   * @param code in [0, {@link #size})
   */
  public float decode(int code) {
    return numbers[code];
  }

  /** The code of the nearest number. NaN, which has none, gets that of the lowest. */
  public int encode(float x) {
    int from = 0;
    int to = ends.length;
    while (from < to) {
      int middle = (from + to) >>> 1;
      if (x > ends[middle]) {
        from = middle + 1;
      } else {
        to = middle;
      }
    }
    return codes[from];
  }

  /** A copy of the numbers, by code. */
  public float[] numbers() {
    return numbers.clone();
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Codebook that && Arrays.equals(numbers, that.numbers);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(numbers);
  }

  @Override
  public String toString() {
    return Arrays.toString(numbers);
  }
}
