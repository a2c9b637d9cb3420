package dev.tare.engine.observe;

import dev.tare.engine.statistics.FoldsBlock;

/**
 * Upper bound of the heap that the observers of one task need, known before any value is seen.
 *
 * <p>Bytes per observer, with m mantissa bits for the whole tensor and m' for channels:
 *
 * <pre>
 * whole tensor, dense   2^(12+m)                4 MiB at m = 10
 * whole tensor, paged   2^10 + 2^(9+m)        513 KiB at m = 10
 * a channel's extremes  104
 * a channel's histogram 104 + 2^10 + 96 * 2^(2+m')  13 KiB at m' = 5; channels are counted by 16s
 * </pre>
 *
 * <p>An octave of a table needs 2^(2+m) bytes. Values whose density around zero is bounded reach
 * down to about the largest divided by their number: a million of either sign touch some 25 octaves
 * each, and 96 are assumed for a channel, 128 for a whole tensor: a table of channels has 32 that
 * may be unused, and grows by a quarter. Only values spread over all exponents of floats, which no
 * layer produces, need up to ten times as much. Flat tables and extremes are counted twice, since
 * the G1 collector rounds large arrays up to whole regions of its heap.
 */
public final class StateMemory {

  private static final int CHANNEL_OCTAVES = 96;
  private static final int WHOLE_OCTAVES = 128;
  private static final long OBJECTS = 4096;
  private static final long EXTREMES = 2 * 52;
  private static final long DIRECTORY = Character.BYTES * (long) PagedCounts.OCTAVES;

  private StateMemory() {}

  /**
   * Returns the bytes for one tensor.
   *
   * @param channels number of channels on the axis of the options; 0 where it is not known, or no
   *     channels are observed
   */
  public static long bytes(ObserverOptions options, long channels, WholeTables tables) {
    long whole =
        tables == WholeTables.DENSE
            ? 2L * octaves(PagedCounts.OCTAVES, options.mantissaBits())
            : DIRECTORY + octaves(WHOLE_OCTAVES, options.mantissaBits());
    return Math.addExact(OBJECTS + whole, channelBytes(options, channels));
  }

  /**
   * Returns the additional bytes for the exact sums of one tensor: {@value ExactSums#BYTES} per
   * channel.
   *
   * @param channels number of channels on the axis of the options; 0 where only the whole tensor
   *     has sums
   */
  public static long momentsBytes(long channels) {
    // Counted twice like other flat tables.
    return Math.addExact(OBJECTS, Math.multiplyExact(2L * ExactSums.BYTES, Math.max(1, channels)));
  }

  /**
   * Returns the additional bytes for the folds of one tensor.
   *
   * @param options what is kept of all samples together
   * @param channels number of channels on the axis of the options; 0 where nothing is kept of them
   */
  public static long foldsBytes(ObserverOptions options, long channels) {
    return Math.multiplyExact(
        FoldsBlock.FOLDS, bytes(FoldsObserver.options(options), channels, WholeTables.PAGED));
  }

  private static long channelBytes(ObserverOptions options, long channels) {
    return switch (options.channelMode()) {
      case NONE -> 0;
      case EXTREMES -> Math.multiplyExact(channels, EXTREMES);
      case HISTOGRAM ->
          Math.multiplyExact(
              (channels + WindowCounts.CHANNELS - 1)
                  / WindowCounts.CHANNELS
                  * WindowCounts.CHANNELS,
              EXTREMES + DIRECTORY + octaves(CHANNEL_OCTAVES, options.channelBits()));
    };
  }

  private static long octaves(int number, int mantissaBits) {
    return ((long) number * Integer.BYTES) << mantissaBits;
  }
}
