package dev.tare.engine.statistics;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * The place of a block of statistics; ordered by (UTF-8 bytes of the tensor, axis, channel).
 *
 * @param tensor name of the tensor, not empty, without unpaired surrogates
 * @param axis channel axis, at least 0; {@link #WHOLE} for the row of the whole tensor
 * @param firstChannel first channel of the block, a multiple of {@link
 *     StatisticsBlock#CHANNELS_PER_BLOCK}; 0 for the whole tensor
 */
public record BlockKey(String tensor, int axis, int firstChannel) implements Comparable<BlockKey> {

  /** The axis of a row that covers all channels, in encodings and in the order of keys. */
  public static final int WHOLE = -1;

  /** Returns the place of the row of a whole tensor. */
  public static BlockKey ofWhole(String tensor) {
    return new BlockKey(tensor, WHOLE, 0);
  }

  /**
   * @throws IllegalArgumentException if a component is invalid
   */
  public BlockKey {
    if (tensor.isEmpty() || !StandardCharsets.UTF_8.newEncoder().canEncode(tensor)) {
      throw new IllegalArgumentException("Invalid tensor name '" + tensor + "'");
    }
    boolean aligned = firstChannel >= 0 && firstChannel % StatisticsBlock.CHANNELS_PER_BLOCK == 0;
    if (axis < WHOLE || !aligned || (axis == WHOLE && firstChannel != 0)) {
      throw new IllegalArgumentException(
          "Invalid block key: axis %d and first channel %d of tensor '%s'"
              .formatted(axis, firstChannel, tensor));
    }
  }

  /** Whether this is the row of a whole tensor, which has no channel axis. */
  public boolean isWhole() {
    return axis == WHOLE;
  }

  /** Checks that a block has the number of rows that follows from its channels. */
  void requireRows(int rows, int channels) {
    int expected = Math.min(StatisticsBlock.CHANNELS_PER_BLOCK, channels - firstChannel);
    if (rows == 0 || rows != expected || (isWhole() && channels != 1)) {
      throw new IllegalArgumentException(
          "Invalid block of %s: %d rows for %d channels".formatted(this, rows, channels));
    }
  }

  /** Checks that two blocks have the same key and number of channels. */
  void requireSame(BlockKey other, int channels, int otherChannels) {
    if (!equals(other)) {
      throw new IllegalArgumentException("Cannot merge blocks: %s vs %s".formatted(this, other));
    }
    if (channels != otherChannels) {
      throw new IllegalArgumentException(
          "Cannot merge statistics of tensor '%s': %d channels vs %d"
              .formatted(tensor, channels, otherChannels));
    }
  }

  @Override
  public int compareTo(BlockKey other) {
    int order =
        Arrays.compareUnsigned(
            tensor.getBytes(StandardCharsets.UTF_8), other.tensor.getBytes(StandardCharsets.UTF_8));
    if (order == 0) {
      order = Integer.compare(axis, other.axis);
    }
    return order != 0 ? order : Integer.compare(firstChannel, other.firstChannel);
  }

  @Override
  public String toString() {
    return isWhole()
        ? "tensor '" + tensor + "'"
        : "tensor '%s', axis %d, channels from %d".formatted(tensor, axis, firstChannel);
  }
}
