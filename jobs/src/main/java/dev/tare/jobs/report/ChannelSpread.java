package dev.tare.jobs.report;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The ranges of a tensor's channels; if there are many, neighbours are grouped.
 *
 * @param channels number of channels
 * @param lows smallest value of each group of neighbours; NaN where it has none
 * @param highs largest value of each group of neighbours; NaN where it has none
 * @param widest the channel of the largest magnitude; -1 where no channel has values
 * @param widestLow its smallest value
 * @param widestHigh its largest value
 * @param medianMagnitude median over channels of the largest magnitude; NaN where none has values
 */
record ChannelSpread(
    int channels,
    List<Double> lows,
    List<Double> highs,
    int widest,
    double widestLow,
    double widestHigh,
    double medianMagnitude) {

  ChannelSpread {
    lows = List.copyOf(lows);
    highs = List.copyOf(highs);
  }

  /** Groups channels into at most so many columns, all but the last of equal size. */
  static ChannelSpread of(List<Double> low, List<Double> high, int mostColumns) {
    int n = low.size();
    int group = Math.max(1, (n + mostColumns - 1) / mostColumns);
    List<Double> lows = new ArrayList<>();
    List<Double> highs = new ArrayList<>();
    double[] magnitudes = new double[n];
    int known = 0;
    int widest = -1;
    double most = -1;
    for (int first = 0; first < n; first += group) {
      double groupLow = Double.NaN;
      double groupHigh = Double.NaN;
      for (int c = first; c < Math.min(n, first + group); c++) {
        if (Double.isNaN(low.get(c)) || Double.isNaN(high.get(c))) {
          continue;
        }
        groupLow = Double.isNaN(groupLow) ? low.get(c) : Math.min(groupLow, low.get(c));
        groupHigh = Double.isNaN(groupHigh) ? high.get(c) : Math.max(groupHigh, high.get(c));
        double magnitude = Math.max(Math.abs(low.get(c)), Math.abs(high.get(c)));
        magnitudes[known++] = magnitude;
        if (magnitude > most) {
          most = magnitude;
          widest = c;
        }
      }
      lows.add(groupLow);
      highs.add(groupHigh);
    }
    double[] sorted = Arrays.copyOf(magnitudes, known);
    Arrays.sort(sorted);
    return new ChannelSpread(
        n,
        lows,
        highs,
        widest,
        widest < 0 ? Double.NaN : low.get(widest),
        widest < 0 ? Double.NaN : high.get(widest),
        known == 0 ? Double.NaN : sorted[known / 2]);
  }

  /** Number of channels in one column. */
  int perColumn() {
    return lows.isEmpty() ? 1 : (channels + lows.size() - 1) / lows.size();
  }
}
