package dev.tare.engine.statistics;

import java.util.ArrayList;
import java.util.List;

/**
 * Up to 64 rows of the Gram matrix of a tensor's codes: cut like a {@link StatisticsBlock}, so that
 * the matrix of many channels is in many records.
 *
 * <p>Only the upper triangle is kept, or, where memory is short, only the diagonal. {@link #merge}
 * is associative and commutative over blocks of one key and scale set, in either form: all sums are
 * exact integers, and the sum of a block with a diagonal is a diagonal.
 *
 * @param key identifies the block; its first channel is the first row
 * @param channels number of channels of the tensor on the key's axis
 * @param scaleSet {@link GramScales#sha256} of the scales of all channels
 * @param count vectors whose codes were multiplied, at most {@value #MAX_COUNT}
 * @param rows one for each channel from the key's first on; each has the products with its own and
 *     all later channels, or each has that with its own alone
 */
public record GramBlock(BlockKey key, int channels, String scaleSet, long count, List<GramRow> rows)
    implements MergeableState {

  /** With more vectors, a sum of products could overflow a long. */
  public static final long MAX_COUNT = Long.MAX_VALUE >> 15;

  /**
   * Checks that rows follow from key and channels, and that some vectors have these sums.
   *
   * @throws IllegalArgumentException if not, or the scale set is no SHA-256
   */
  public GramBlock {
    rows = List.copyOf(rows);
    key.requireRows(rows.size(), channels);
    if (key.isWhole() || channels > GramScales.MAX_CHANNELS) {
      throw new IllegalArgumentException(
          "Invalid Gram matrix of %s: %d channels".formatted(key, channels));
    }
    if (!scaleSet.matches("[0-9a-f]{64}")) {
      throw new IllegalArgumentException(
          "Invalid Gram matrix of %s: scale set '%s'".formatted(key, scaleSet));
    }
    if (count < 0 || count > MAX_COUNT) {
      throw new IllegalArgumentException(
          "Invalid Gram matrix of %s: %d vectors".formatted(key, count));
    }
    int triangle = channels - key.firstChannel();
    boolean alone = rows.get(0).size() == 1;
    for (int i = 0; i < rows.size(); i++) {
      GramRow row = rows.get(i);
      if (row.size() != (alone ? 1 : triangle - i) || !row.possible(count)) {
        throw new IllegalArgumentException(
            "Invalid Gram matrix of %s: no %d vectors of codes have row %d (%s)"
                .formatted(key, count, key.firstChannel() + i, row));
      }
    }
  }

  @Override
  public StateKind kind() {
    return StateKind.GRAM;
  }

  /**
   * Whether products with other channels are missing. A block with the last channel alone has none
   * in either form.
   */
  public boolean diagonal() {
    return rows.get(0).size() == 1 && channels - key.firstChannel() > 1;
  }

  /**
   * Returns the block of both multisets of vectors together; only its diagonal if one of them has
   * no more.
   *
   * @throws IllegalArgumentException if kinds, keys, channels or scale sets differ
   * @throws ArithmeticException if there are more than {@value #MAX_COUNT} vectors
   */
  @Override
  public GramBlock merge(MergeableState other) {
    if (!(other instanceof GramBlock that)) {
      throw new IllegalArgumentException(
          "Cannot merge Gram matrices of %s with a state of another kind".formatted(key));
    }
    key.requireSame(that.key, channels, that.channels);
    if (!scaleSet.equals(that.scaleSet)) {
      throw new IllegalArgumentException(
          "Cannot merge Gram matrices of tensor '%s': scale set %s vs %s; collect both with the same --gram-scales"
              .formatted(key.tensor(), scaleSet.substring(0, 16), that.scaleSet.substring(0, 16)));
    }
    long sum = Math.addExact(count, that.count);
    if (sum > MAX_COUNT) {
      throw new ArithmeticException("%d vectors, more than %d".formatted(sum, MAX_COUNT));
    }
    boolean alone = diagonal() || that.diagonal();
    List<GramRow> merged = new ArrayList<>(rows.size());
    for (int i = 0; i < rows.size(); i++) {
      GramRow left = rows.get(i);
      GramRow right = that.rows.get(i);
      merged.add(alone ? left.diagonal().merge(right.diagonal()) : left.merge(right));
    }
    return new GramBlock(key, channels, scaleSet, sum, merged);
  }
}
