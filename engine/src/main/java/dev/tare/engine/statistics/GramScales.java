package dev.tare.engine.statistics;

import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HexFormat;
import java.util.List;

/**
 * The scales with which the channels of a tensor become codes before their products are summed:
 * powers of two, so that a code is exact and no scale has digits to lose.
 *
 * <p>The code of x is {@code rint(x * 2^-exponent)}, saturated to {@value #LEAST} to {@value
 * #MOST}. With one scale for all channels most codes would be 0, since a few channels are far
 * larger than the rest.
 *
 * @param exponents one for each channel
 */
public record GramScales(List<Integer> exponents) {

  /** The lowest code. */
  public static final int LEAST = -128;

  /** The highest code. */
  public static final int MOST = 127;

  /** With more channels, the encoding of 64 rows could exceed 16 MiB. */
  public static final int MAX_CHANNELS = 24_576;

  /** The exponent of the smallest scale. */
  public static final int LOWEST = -160;

  private static final int HIGHEST = 127;

  /**
   * @throws IllegalArgumentException if there is no channel, there are more than {@value
   *     #MAX_CHANNELS}, or an exponent is none that {@link #ofReaches} gives
   */
  public GramScales {
    exponents = List.copyOf(exponents);
    if (exponents.isEmpty() || exponents.size() > MAX_CHANNELS) {
      throw new IllegalArgumentException(
          "Invalid scales: %d channels, not 1 to %d".formatted(exponents.size(), MAX_CHANNELS));
    }
    exponents.forEach(GramScales::require);
  }

  /** Checks that an exponent is possible. */
  static void require(int exponent) {
    if (exponent < LOWEST || exponent > HIGHEST) {
      throw new IllegalArgumentException(
          "Invalid scale 2^%d, not 2^%d to 2^%d".formatted(exponent, LOWEST, HIGHEST));
    }
  }

  /**
   * Returns the smallest scales that saturate nothing. A channel without values gets the largest
   * scale of the others.
   *
   * @param reaches the largest magnitude of each channel; finite, 0 for a channel without values
   */
  public static GramScales ofReaches(List<Float> reaches) {
    List<Integer> exponents = new ArrayList<>(reaches.size());
    int most = LOWEST;
    for (float reach : reaches) {
      int exponent = reach > 0 ? exponent(reach) : LOWEST;
      exponents.add(exponent);
      most = Math.max(most, exponent);
    }
    for (int j = 0; j < exponents.size(); j++) {
      if (!(reaches.get(j) > 0)) {
        exponents.set(j, most);
      }
    }
    return new GramScales(exponents);
  }

  private static int exponent(double reach) {
    int exponent = Math.getExponent(reach) - 7;
    while (reach > MOST * Math.scalb(1.0, exponent)) {
      exponent++;
    }
    return exponent;
  }

  /**
   * Returns the scales of patches: as many for each channel as a patch has values of it.
   *
   * @throws IllegalArgumentException if there are more than {@value #MAX_CHANNELS} together
   */
  public GramScales repeated(int taps) {
    List<Integer> all = new ArrayList<>();
    exponents.forEach(exponent -> all.addAll(Collections.nCopies(taps, exponent)));
    return new GramScales(all);
  }

  /** Number of channels. */
  public int channels() {
    return exponents.size();
  }

  /** SHA-256 of the exponents, 4 bytes each, highest first, in hexadecimal digits. */
  public String sha256() {
    ByteBuffer bytes = ByteBuffer.allocate(exponents.size() * Integer.BYTES);
    exponents.forEach(bytes::putInt);
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes.array()));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("Every Java platform has SHA-256", e);
    }
  }
}
