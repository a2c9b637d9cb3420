package dev.tare.engine.statistics;

import java.util.ArrayList;
import java.util.List;

/**
 * The unit of merging and of the shuffle: the row of a whole tensor, or those of up to 64 channels.
 *
 * <p>Blocks begin at fixed channels, so the blocks of a tensor do not depend on how work was split.
 * {@link #merge} is associative and commutative over blocks of one key.
 *
 * @param key identifies the block
 * @param channels number of channels of the tensor on the key's axis; 1 for the whole tensor
 * @param rows one row for each channel from the key's first on: 64, or what is left for the last
 *     block; all with histograms of the same mantissa bits, or all without; only the row of a whole
 *     tensor names samples
 */
public record StatisticsBlock(BlockKey key, int channels, List<Statistics> rows)
    implements MergeableState {

  /** Rows of a full block; part of the content encoding, so it never changes. */
  public static final int CHANNELS_PER_BLOCK = 64;

  /**
   * @throws IllegalArgumentException if the number of rows does not follow from the key and the
   *     channels, mantissa bits differ among rows, or a channel names a sample
   */
  public StatisticsBlock {
    rows = List.copyOf(rows);
    key.requireRows(rows.size(), channels);
    for (Statistics row : rows) {
      if (row.mantissaBits() != rows.get(0).mantissaBits()) {
        throw new IllegalArgumentException(
            "Invalid block of %s: rows with %s and with %s"
                .formatted(key, rows.get(0).bins(), row.bins()));
      }
      if (!key.isWhole() && knowsSamples(row)) {
        throw new IllegalArgumentException(
            "Invalid block of %s: only whole tensors know the samples of extremes".formatted(key));
      }
    }
  }

  /** Whether the sample of an extreme is known. */
  boolean knowsSamples() {
    return knowsSamples(rows.get(0));
  }

  private static boolean knowsSamples(Statistics row) {
    return row.minSample().isPresent() || row.maxSample().isPresent();
  }

  /** Creates the block of a whole tensor. */
  public static StatisticsBlock ofWhole(String tensor, Statistics whole) {
    return new StatisticsBlock(BlockKey.ofWhole(tensor), 1, List.of(whole));
  }

  /** Mantissa bits of every row's histogram; 0 when rows have none. */
  public int mantissaBits() {
    return rows.get(0).mantissaBits();
  }

  @Override
  public StateKind kind() {
    return StateKind.HISTOGRAM;
  }

  /**
   * Returns the block of both multisets of values together.
   *
   * @throws IllegalArgumentException if kinds, keys, channels or mantissa bits differ
   * @throws ArithmeticException if a count overflows a long
   */
  @Override
  public StatisticsBlock merge(MergeableState state) {
    if (!(state instanceof StatisticsBlock other)) {
      throw new IllegalArgumentException(
          "Cannot merge histograms of %s with a state of another kind".formatted(key));
    }
    key.requireSame(other.key, channels, other.channels);
    if (mantissaBits() != other.mantissaBits()) {
      throw new IllegalArgumentException(
          "Cannot merge statistics of tensor '%s': %s vs %s"
              .formatted(key.tensor(), rows.get(0).bins(), other.rows.get(0).bins()));
    }
    List<Statistics> merged = new ArrayList<>(rows.size());
    for (int i = 0; i < rows.size(); i++) {
      merged.add(rows.get(i).merge(other.rows.get(i)));
    }
    return new StatisticsBlock(key, channels, merged);
  }
}
