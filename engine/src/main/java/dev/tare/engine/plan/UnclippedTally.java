package dev.tare.engine.plan;

import dev.tare.engine.quant.QuantError;
import dev.tare.engine.range.Range;
import java.util.Comparator;
import java.util.List;
import java.util.OptionalInt;
import java.util.PriorityQueue;

/**
 * Adds up, scale by scale, what a tensor loses with the ranges that were chosen and with those of
 * all values. Not thread-safe.
 */
final class UnclippedTally {

  /** A channel and how far its values are outside its range, in units of the range. */
  private record Clipped(double excess, UnclippedRange.Channel channel) {}

  /** The farthest first; of the same distance, the first. */
  private static final Comparator<Clipped> FARTHEST =
      Comparator.comparingDouble(Clipped::excess)
          .reversed()
          .thenComparingInt(each -> each.channel().channel());

  private QuantError chosen = QuantError.NONE;
  private QuantError unclipped = QuantError.NONE;
  private float low;
  private float high;
  private int clipped;
  private int scales;

  /**
   * At most {@link UnclippedRange#MOST}, the least far at the head: a weight in blocks may have
   * millions of scales.
   */
  private final PriorityQueue<Clipped> farthest =
      new PriorityQueue<>(UnclippedRange.MOST, FARTHEST.reversed());

  /**
   * Adds the values of the next scale.
   *
   * @param range that was chosen for them
   * @param step its scale
   * @param error of rounding to that
   * @param all the range of all values, as the method min-max has it
   * @param withAll the error that rounding to it has
   */
  void add(Range range, double step, QuantError error, Range all, QuantError withAll) {
    chosen = chosen.plus(error);
    unclipped = unclipped.plus(withAll);
    low = Math.min(low, all.low());
    high = Math.max(high, all.high());
    double outside = outside(range, all);
    if (outside > step / 2) {
      clipped++;
      keep(outside / range.magnitude(), error, all, withAll);
    }
    scales++;
  }

  private void keep(double excess, QuantError error, Range all, QuantError withAll) {
    if (farthest.size() == UnclippedRange.MOST) {
      if (Double.compare(excess, farthest.element().excess()) <= 0) {
        return;
      }
      farthest.remove();
    }
    farthest.add(
        new Clipped(
            excess, new UnclippedRange.Channel(scales, all, withAll.sqnrDb(), error.sqnrDb())));
  }

  /** How far values in [low, high] of one range are outside another; not above 0 if none is. */
  static double outside(Range range, Range all) {
    return Math.max((double) range.low() - all.low(), (double) all.high() - range.high());
  }

  /** What was added, of a tensor with a scale for each channel. */
  UnclippedRange ofChannels() {
    return of(
        OptionalInt.of(clipped), farthest.stream().sorted(FARTHEST).map(Clipped::channel).toList());
  }

  /** What was added, of a tensor whose channels are not known, or in blocks. */
  UnclippedRange ofTensor() {
    return of(OptionalInt.empty(), List.of());
  }

  private UnclippedRange of(OptionalInt channels, List<UnclippedRange.Channel> kept) {
    return new UnclippedRange(
        new Range(low, high), unclipped.sqnrDb(), chosen.sqnrDb(), channels, kept);
  }
}
