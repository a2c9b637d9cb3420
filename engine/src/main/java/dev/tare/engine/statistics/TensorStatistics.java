package dev.tare.engine.statistics;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * All statistics of one tensor: the row of the whole and those of its channels.
 *
 * <p>{@link #merge} is associative and commutative. Statistics of no values without channels are
 * its identity, whatever channels the other side has.
 *
 * @param tensor name of the tensor
 * @param whole the row over all values; empty when only channels are known
 * @param axis the channel axis, at least 0; empty exactly when there are no channels
 * @param channels one row for each channel; empty when none were observed
 */
public record TensorStatistics(
    String tensor, Optional<Statistics> whole, OptionalInt axis, List<Statistics> channels) {

  /**
   * @throws IllegalArgumentException if an axis comes without channels or channels without an axis,
   *     or if mantissa bits differ among channels
   */
  public TensorStatistics {
    channels = List.copyOf(channels);
    if (axis.isPresent() == channels.isEmpty() || (axis.isPresent() && axis.getAsInt() < 0)) {
      throw new IllegalArgumentException(
          "Invalid statistics of tensor '%s': %d channels on axis %s"
              .formatted(tensor, channels.size(), axis));
    }
    for (Statistics row : channels) {
      if (row.mantissaBits() != channels.get(0).mantissaBits()) {
        throw new IllegalArgumentException(
            "Invalid statistics of tensor '%s': channels with %s and with %s"
                .formatted(tensor, channels.get(0).bins(), row.bins()));
      }
    }
  }

  /** Statistics of a tensor without channels. */
  public static TensorStatistics ofWhole(String tensor, Statistics whole) {
    return new TensorStatistics(tensor, Optional.of(whole), OptionalInt.empty(), List.of());
  }

  /**
   * Joins all blocks of one tensor, given in any order.
   *
   * @throws IllegalArgumentException if blocks are of several tensors or axes, or one is missing or
   *     given twice
   */
  public static TensorStatistics ofBlocks(Collection<StatisticsBlock> blocks) {
    if (blocks.isEmpty()) {
      throw new IllegalArgumentException("Cannot make statistics of a tensor from no blocks");
    }
    List<StatisticsBlock> sorted = new ArrayList<>(blocks);
    sorted.sort((a, b) -> a.key().compareTo(b.key()));
    String tensor = sorted.get(0).key().tensor();
    Optional<Statistics> whole = Optional.empty();
    OptionalInt axis = OptionalInt.empty();
    int expected = 0;
    List<Statistics> channels = new ArrayList<>();
    for (StatisticsBlock block : sorted) {
      BlockKey key = block.key();
      if (key.isWhole() && key.tensor().equals(tensor) && whole.isEmpty()) {
        whole = Optional.of(block.rows().get(0));
        continue;
      }
      if (channels.isEmpty()) {
        axis = OptionalInt.of(key.axis());
        expected = block.channels();
      }
      boolean next =
          key.tensor().equals(tensor)
              && key.axis() == axis.getAsInt()
              && key.firstChannel() == channels.size()
              && block.channels() == expected;
      if (!next) {
        throw new IllegalArgumentException(
            "Cannot join blocks of tensor '%s': %s of %d channels comes after %d of %d"
                .formatted(tensor, key, block.channels(), channels.size(), expected));
      }
      channels.addAll(block.rows());
    }
    if (channels.size() != expected) {
      throw new IllegalArgumentException(
          "Cannot join blocks of tensor '%s': %d channels vs %d"
              .formatted(tensor, channels.size(), expected));
    }
    return new TensorStatistics(tensor, whole, axis, channels);
  }

  /** Splits the statistics into blocks, sorted by key. */
  public List<StatisticsBlock> toBlocks() {
    List<StatisticsBlock> blocks = new ArrayList<>();
    whole.ifPresent(row -> blocks.add(StatisticsBlock.ofWhole(tensor, row)));
    for (int first = 0; first < channels.size(); first += StatisticsBlock.CHANNELS_PER_BLOCK) {
      int end = Math.min(channels.size(), first + StatisticsBlock.CHANNELS_PER_BLOCK);
      blocks.add(
          new StatisticsBlock(
              new BlockKey(tensor, axis.getAsInt(), first),
              channels.size(),
              channels.subList(first, end)));
    }
    return List.copyOf(blocks);
  }

  /**
   * Returns the statistics of both multisets of values together.
   *
   * @throws IllegalArgumentException if tensors, axes, numbers of channels or mantissa bits differ
   * @throws ArithmeticException if a count overflows a long
   */
  public TensorStatistics merge(TensorStatistics other) {
    if (!tensor.equals(other.tensor)) {
      throw new IllegalArgumentException(
          "Cannot merge statistics of tensor '%s' with those of '%s'"
              .formatted(tensor, other.tensor));
    }
    requireEqual(whole.map(Statistics::bins), "", other.whole.map(Statistics::bins));
    Optional<Statistics> mergedWhole = whole.map(row -> row.merge(other.whole.orElseThrow()));
    if (sawNothing()) {
      return new TensorStatistics(tensor, mergedWhole, other.axis, other.channels);
    }
    if (other.sawNothing()) {
      return new TensorStatistics(tensor, mergedWhole, axis, channels);
    }
    requireEqual(channels.size(), " channels", other.channels.size());
    requireEqual(axis, " as the channel axis", other.axis);
    if (!channels.isEmpty()) {
      requireEqual(channels.get(0).bins(), " in channels", other.channels.get(0).bins());
    }
    List<Statistics> merged = new ArrayList<>(channels.size());
    for (int i = 0; i < channels.size(); i++) {
      merged.add(channels.get(i).merge(other.channels.get(i)));
    }
    return new TensorStatistics(tensor, mergedWhole, axis, merged);
  }

  private boolean sawNothing() {
    return channels.isEmpty() && whole.map(row -> row.count() == 0).orElse(true);
  }

  private void requireEqual(Object mine, String what, Object theirs) {
    if (!mine.equals(theirs)) {
      throw new IllegalArgumentException(
          "Cannot merge statistics of tensor '%s': %s%s vs %s"
              .formatted(tensor, text(mine), what, text(theirs)));
    }
  }

  private static String text(Object value) {
    if (value instanceof Optional<?> optional) {
      return optional.map(Object::toString).orElse("no whole-tensor row");
    }
    if (value instanceof OptionalInt axis) {
      return axis.isPresent() ? String.valueOf(axis.getAsInt()) : "none";
    }
    return value.toString();
  }
}
