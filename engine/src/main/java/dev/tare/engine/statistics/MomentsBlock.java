package dev.tare.engine.statistics;

import java.util.ArrayList;
import java.util.List;

/**
 * The moments of a whole tensor, or of up to 64 of its channels: cut like a {@link
 * StatisticsBlock}.
 *
 * @param key identifies the block
 * @param channels number of channels of the tensor on the key's axis; 1 for the whole tensor
 * @param rows one row for each channel from the key's first on
 */
public record MomentsBlock(BlockKey key, int channels, List<Moments> rows)
    implements MergeableState {

  /**
   * Checks that the number of rows follows from the key and the channels.
   *
   * @throws IllegalArgumentException if it does not
   */
  public MomentsBlock {
    rows = List.copyOf(rows);
    key.requireRows(rows.size(), channels);
  }

  @Override
  public StateKind kind() {
    return StateKind.MOMENTS;
  }

  @Override
  public MomentsBlock merge(MergeableState other) {
    if (!(other instanceof MomentsBlock that)) {
      throw new IllegalArgumentException(
          "Cannot merge moments of %s with a state of another kind".formatted(key));
    }
    key.requireSame(that.key, channels, that.channels);
    List<Moments> merged = new ArrayList<>(rows.size());
    for (int i = 0; i < rows.size(); i++) {
      merged.add(rows.get(i).merge(that.rows.get(i)));
    }
    return new MomentsBlock(key, channels, merged);
  }
}
