package dev.tare.engine.pass;

import dev.tare.engine.statistics.PairedChannel;
import dev.tare.engine.statistics.PairedSums;
import java.util.ArrayList;
import java.util.List;

/**
 * The lines that take the results of a quantized product nearest to the float model's, by least
 * squares in closed form: {@code gain = cov(q, f) / var(q)}, {@code shift = E[f] - gain E[q]}.
 *
 * <p>A line is found on one half of the samples and tried on the other, and the other way round. A
 * channel gets one only if it helps both times: the line of both halves together, or if less is
 * left with it, only the shift. Errors are those on the half that a line was not found on. All
 * numbers are float64 in channel order, so equal sums give equal bits on any machine.
 *
 * @param gains one for each channel, 1 where there is none
 * @param shifts one for each channel, 0 where there is none
 * @param changed channels with a line
 * @param before sum of squared errors as the model is
 * @param after the same with the lines
 */
public record PairedFit(
    List<Float> gains, List<Float> shifts, int changed, double before, double after) {

  /** A factor beyond these, or below the inverse, follows from hardly any values. */
  private static final double MOST_GAIN = 2;

  /** Fewer pairs say nothing. */
  private static final long FEWEST = 16;

  public PairedFit {
    gains = List.copyOf(gains);
    shifts = List.copyOf(shifts);
  }

  private record Line(double gain, double shift) {

    static Line of(PairedSums sums, boolean gains) {
      double gain = gains && sums.spread() > 0 ? sums.joint() / sums.spread() : 1;
      return new Line(gain, sums.expectedMean() - gain * sums.mean());
    }

    double error(PairedSums sums) {
      return sums.error(gain, shift);
    }

    boolean possible(int exponent) {
      return gain >= 1 / MOST_GAIN
          && gain <= MOST_GAIN
          && Float.isFinite((float) Math.scalb(shift, exponent));
    }
  }

  private static final Line NONE = new Line(1, 0);

  /**
   * Finds the lines of a product's channels.
   *
   * @param scaled whether factors may be used: each channel of the weight has its own scales
   */
  public static PairedFit of(List<PairedChannel> channels, boolean scaled) {
    List<Float> gains = new ArrayList<>(channels.size());
    List<Float> shifts = new ArrayList<>(channels.size());
    int changed = 0;
    double before = 0;
    double after = 0;
    for (PairedChannel channel : channels) {
      double unit = Math.scalb(1.0, 2 * channel.exponent());
      double own = NONE.error(channel.first()) + NONE.error(channel.second());
      Line best = NONE;
      double left = own;
      for (boolean gain : scaled ? new boolean[] {false, true} : new boolean[] {false}) {
        double error = unseen(channel, gain);
        Line line = Line.of(channel.both(), gain);
        if (error < left && line.possible(channel.exponent())) {
          best = line;
          left = error;
        }
      }
      before += own * unit;
      after += left * unit;
      changed += best.equals(NONE) ? 0 : 1;
      gains.add((float) best.gain());
      shifts.add((float) Math.scalb(best.shift(), channel.exponent()));
    }
    return new PairedFit(gains, shifts, changed, before, after);
  }

  /** The error of each half with the line of the other; infinite if one of both is worse for it. */
  private static double unseen(PairedChannel channel, boolean gain) {
    PairedSums first = channel.first();
    PairedSums second = channel.second();
    if (first.count() < FEWEST || second.count() < FEWEST) {
      return Double.POSITIVE_INFINITY;
    }
    double one = Line.of(first, gain).error(second);
    double other = Line.of(second, gain).error(first);
    return one < NONE.error(second) && other < NONE.error(first)
        ? one + other
        : Double.POSITIVE_INFINITY;
  }

  /** The part of the error that the lines take away, from 0 to 1; 0 without an error. */
  public double gained() {
    return before > 0 ? 1 - after / before : 0;
  }
}
