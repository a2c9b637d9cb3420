package dev.tare.jobs.artifact;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** How a weight may be stored when a budget decides: from the fewest bits to float. */
public enum WeightLevel {
  INT4(4),
  INT8(8),
  INT16(16),
  FLOAT(32);

  /** Those that change a weight. */
  public static final List<WeightLevel> QUANTIZED = List.of(INT4, INT8, INT16);

  private final int bits;

  WeightLevel(int bits) {
    this.bits = bits;
  }

  /** Bits of a value, without scales. */
  public int bits() {
    return bits;
  }

  /** As tables and documents have it. */
  public String word() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** The level of a word; empty if there is none. */
  public static Optional<WeightLevel> of(String word) {
    return Arrays.stream(values()).filter(level -> level.word().equals(word)).findFirst();
  }

  /** The level whose values have so many bits; empty if there is none. */
  public static Optional<WeightLevel> ofBits(int bits) {
    return Arrays.stream(values()).filter(level -> level.bits == bits).findFirst();
  }
}
