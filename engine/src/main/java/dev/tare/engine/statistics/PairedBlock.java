package dev.tare.engine.statistics;

import java.util.ArrayList;
import java.util.List;

/**
 * The paired sums of up to 64 channels of a tensor that a float model and a quantized one compute:
 * cut like a {@link StatisticsBlock}.
 *
 * <p>{@link #merge} is associative and commutative over blocks of one key, plan and scales. Sums
 * under another plan are those of another quantized model, so they do not add up.
 *
 * @param key identifies the block
 * @param channels number of channels of the tensor on the key's axis
 * @param planSha256 hash of the plan that the quantized model was made by
 * @param rows one for each channel from the key's first on
 */
public record PairedBlock(BlockKey key, int channels, String planSha256, List<PairedChannel> rows)
    implements MergeableState {

  /**
   * Checks that the number of rows follows from the key and the channels.
   *
   * @throws IllegalArgumentException if it does not, or the plan's hash is no SHA-256
   */
  public PairedBlock {
    rows = List.copyOf(rows);
    key.requireRows(rows.size(), channels);
    if (key.isWhole() || !planSha256.matches("[0-9a-f]{64}")) {
      throw new IllegalArgumentException(
          "Invalid paired sums of %s: plan '%s'".formatted(key, planSha256));
    }
  }

  @Override
  public StateKind kind() {
    return StateKind.PAIRS;
  }

  /**
   * Returns the block of both multisets of samples together.
   *
   * @throws IllegalArgumentException if kinds, keys, channels, plans or scales differ
   * @throws ArithmeticException if there are more than {@value PairedSums#MAX_COUNT} pairs
   */
  @Override
  public PairedBlock merge(MergeableState other) {
    if (!(other instanceof PairedBlock that)) {
      throw new IllegalArgumentException(
          "Cannot merge paired sums of %s with a state of another kind".formatted(key));
    }
    key.requireSame(that.key, channels, that.channels);
    if (!planSha256.equals(that.planSha256)) {
      throw new IllegalArgumentException(
          "Cannot merge paired sums of tensor '%s': one is under plan %s, the other under plan %s"
              .formatted(
                  key.tensor(), planSha256.substring(0, 16), that.planSha256.substring(0, 16)));
    }
    List<PairedChannel> merged = new ArrayList<>(rows.size());
    for (int i = 0; i < rows.size(); i++) {
      if (rows.get(i).exponent() != that.rows.get(i).exponent()) {
        throw new IllegalArgumentException(
            "Cannot merge paired sums of tensor '%s': channel %d has scale 2^%d vs 2^%d"
                .formatted(
                    key.tensor(),
                    key.firstChannel() + i,
                    rows.get(i).exponent(),
                    that.rows.get(i).exponent()));
      }
      merged.add(rows.get(i).merge(that.rows.get(i)));
    }
    return new PairedBlock(key, channels, planSha256, merged);
  }
}
