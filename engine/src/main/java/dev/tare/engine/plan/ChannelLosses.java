package dev.tare.engine.plan;

import dev.tare.engine.histogram.Distribution;
import dev.tare.engine.quant.ExpectedError;
import dev.tare.engine.quant.QuantParams;
import dev.tare.engine.range.MinMax;
import dev.tare.engine.range.Range;
import dev.tare.engine.range.Target;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.OptionalInt;
import java.util.stream.IntStream;

/**
 * What is expected of each channel of a tensor with a range, and with that of all values. Each
 * figure costs a walk through the bins of the channel when it is first asked for. Not thread-safe.
 */
final class ChannelLosses {

  private final Range range;
  private final QuantParams chosen;
  private final Target target;
  private final Distribution whole;
  private final List<Distribution> channels;
  private final double[] kept;
  private final double[] possible;

  /**
   * @param range one for all channels
   * @param whole values of all channels
   * @param channels values of each; none if they are not known
   */
  ChannelLosses(Range range, Target target, Distribution whole, List<Distribution> channels) {
    this.range = range;
    this.target = target;
    this.chosen = target.params(range);
    this.whole = whole;
    this.channels = channels;
    this.kept = new double[channels.size()];
    this.possible = new double[channels.size()];
    Arrays.fill(kept, Double.NEGATIVE_INFINITY);
    Arrays.fill(possible, Double.NEGATIVE_INFINITY);
  }

  Range range() {
    return range;
  }

  int size() {
    return channels.size();
  }

  Distribution channel(int index) {
    return channels.get(index);
  }

  /** Expected SQNR in dB of a channel with the range; NaN without bins. */
  double kept(int index) {
    if (kept[index] == Double.NEGATIVE_INFINITY) {
      kept[index] = ExpectedError.of(channels.get(index), chosen).sqnrDb();
    }
    return kept[index];
  }

  /** Expected SQNR in dB of a channel with the range of all values of the tensor. */
  double possible(int index) {
    if (possible[index] == Double.NEGATIVE_INFINITY) {
      QuantParams all = target.params(new MinMax().select(whole, target));
      possible[index] = ExpectedError.of(channels.get(index), all).sqnrDb();
    }
    return possible[index];
  }

  /**
   * Compares the range with that of all values.
   *
   * @param chosenSqnrDb what is expected of the whole tensor with the range
   */
  UnclippedRange unclipped(double chosenSqnrDb) {
    Range all = new MinMax().select(whole, target);
    List<Integer> clipped =
        IntStream.range(0, channels.size())
            .filter(j -> outside(j) > chosen.scale() / 2)
            .boxed()
            .sorted(Comparator.comparingDouble(this::outside).reversed())
            .toList();
    return new UnclippedRange(
        all,
        ExpectedError.of(whole, target.params(all)).sqnrDb(),
        chosenSqnrDb,
        channels.stream().allMatch(Distribution::isEmpty)
            ? OptionalInt.empty()
            : OptionalInt.of(clipped.size()),
        clipped.stream()
            .limit(UnclippedRange.MOST)
            .map(
                j ->
                    new UnclippedRange.Channel(
                        j, new MinMax().select(channels.get(j), target), possible(j), kept(j)))
            .toList());
  }

  /** How far a channel is outside; not above 0 where it is not, or has no bins. */
  private double outside(int index) {
    Distribution channel = channels.get(index);
    return channel.isEmpty()
        ? 0
        : UnclippedTally.outside(range, new MinMax().select(channel, target));
  }
}
