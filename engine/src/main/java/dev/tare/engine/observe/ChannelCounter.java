package dev.tare.engine.observe;

import dev.tare.engine.histogram.FloatBins;
import dev.tare.engine.histogram.Histogram;
import dev.tare.engine.statistics.Statistics;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/** Counts the values of each channel of a tensor, tile by tile; not thread-safe. */
final class ChannelCounter {

  private final int channels;
  private final int[] mins;
  private final int[] maxs;
  private final long[] positiveZeros;
  private final long[] negativeZeros;
  private final long[] nans;
  private final long[] posInfs;
  private final long[] negInfs;
  private final int[] scratch;
  private final List<WindowCounts> tables = new ArrayList<>();

  private long countPerChannel;

  ChannelCounter(int channels, Optional<FloatBins> bins) {
    this.channels = channels;
    this.mins = new int[channels];
    this.maxs = new int[channels];
    Arrays.fill(mins, Keys.NO_MIN);
    Arrays.fill(maxs, Keys.NO_MAX);
    this.positiveZeros = new long[channels];
    this.negativeZeros = new long[channels];
    this.nans = new long[channels];
    this.posInfs = new long[channels];
    this.negInfs = new long[channels];
    this.scratch = new int[channels];
    if (bins.isPresent()) {
      for (int first = 0; first < channels; first += WindowCounts.CHANNELS) {
        tables.add(new WindowCounts(bins.get()));
      }
    }
  }

  int channels() {
    return channels;
  }

  /** Adds the number of values per channel of an observed tensor. */
  void expect(long valuesPerChannel) {
    countPerChannel = Math.addExact(countPerChannel, valuesPerChannel);
  }

  /**
   * Counts rows of consecutive channels.
   *
   * @param first channel of the first column, a multiple of 16
   */
  void addRows(int[] tile, int rows, int first, int columns, WholeCounter facts) {
    if (!ColumnExtremes.fold(tile, rows, columns, mins, maxs, first)) {
      for (int i = 0; i < rows * columns; i++) {
        foldFinite(tile[i], first + i % columns);
      }
    }
    if (facts.sawPositiveZeros()) {
      countInRows(0, tile, rows, first, columns, positiveZeros);
    }
    if (facts.sawNegativeZeros()) {
      countInRows(Integer.MIN_VALUE, tile, rows, first, columns, negativeZeros);
    }
    if (!tables.isEmpty()) {
      for (int column = 0; column < columns; column += WindowCounts.CHANNELS) {
        int width = Math.min(WindowCounts.CHANNELS, columns - column);
        tables
            .get((first + column) / WindowCounts.CHANNELS)
            .addRows(tile, column, columns, rows, width, largest(first + column, width));
      }
    }
  }

  /** The largest magnitude of any finite value in some channels, as bits. */
  private int largest(int first, int width) {
    int largest = 0;
    for (int channel = first; channel < first + width; channel++) {
      if (mins[channel] <= maxs[channel]) {
        largest = Math.max(largest, Math.max(~mins[channel], maxs[channel]));
      }
    }
    return largest;
  }

  /**
   * Counts consecutive values, where each channel has runs.
   *
   * @param position of the first value in the tensor
   * @param inner length of a run: the product of the sizes after the channel axis
   */
  void addRuns(int[] tile, int length, int position, int inner, WholeCounter facts) {
    int done = 0;
    while (done < length) {
      int channel = (position + done) / inner % channels;
      int run = Math.min(inner - (position + done) % inner, length - done);
      addRun(tile, done, run, channel, facts);
      done += run;
    }
  }

  private void addRun(int[] tile, int offset, int length, int channel, WholeCounter facts) {
    if (!ColumnExtremes.foldRun(tile, offset, length, mins, maxs, channel)) {
      for (int i = offset; i < offset + length; i++) {
        foldFinite(tile[i], channel);
      }
    }
    if (facts.sawPositiveZeros() || facts.sawNegativeZeros()) {
      for (int i = offset; i < offset + length; i++) {
        positiveZeros[channel] += tile[i] == 0 ? 1 : 0;
        negativeZeros[channel] += tile[i] == Integer.MIN_VALUE ? 1 : 0;
      }
    }
    if (!tables.isEmpty()) {
      tables
          .get(channel / WindowCounts.CHANNELS)
          .addRun(tile, offset, length, channel % WindowCounts.CHANNELS);
    }
  }

  private void foldFinite(int bits, int channel) {
    if (Keys.isFiniteBits(bits)) {
      int key = Keys.of(bits);
      mins[channel] = Math.min(mins[channel], key);
      maxs[channel] = Math.max(maxs[channel], key);
    } else if ((bits & 0x7fffffff) > Keys.POSITIVE_INFINITY) {
      nans[channel]++;
    } else if (bits > 0) {
      posInfs[channel]++;
    } else {
      negInfs[channel]++;
    }
  }

  private void countInRows(int bits, int[] tile, int rows, int first, int columns, long[] into) {
    Arrays.fill(scratch, 0, columns, 0);
    for (int row = 0; row < rows; row++) {
      countRow(bits, tile, row * columns, columns, scratch);
    }
    for (int column = 0; column < columns; column++) {
      into[first + column] += scratch[column];
    }
  }

  private static void countRow(int bits, int[] tile, int offset, int columns, int[] into) {
    for (int column = 0; column < columns; column++) {
      int difference = tile[offset + column] ^ bits;
      // Without a branch or a conditional move this becomes vector code.
      into[column] += ((difference | -difference) >>> 31) ^ 1;
    }
  }

  /** The smallest finite value of all channels; NaN when there is none. */
  float min() {
    int low = Keys.NO_MIN;
    for (int min : mins) {
      low = Math.min(low, min);
    }
    return low == Keys.NO_MIN ? Float.NaN : Keys.value(low);
  }

  /** The largest finite value of all channels; NaN when there is none. */
  float max() {
    int high = Keys.NO_MAX;
    for (int max : maxs) {
      high = Math.max(high, max);
    }
    return high == Keys.NO_MAX ? Float.NaN : Keys.value(high);
  }

  /** NaNs of all channels. */
  long nans() {
    return Arrays.stream(nans).sum();
  }

  /** Values +Inf of all channels. */
  long posInfs() {
    return Arrays.stream(posInfs).sum();
  }

  /** Values -Inf of all channels. */
  long negInfs() {
    return Arrays.stream(negInfs).sum();
  }

  /**
   * Returns the rows of channels [first, end); they need more memory than the tables they are made
   * from.
   */
  List<Statistics> statistics(int first, int end) {
    List<Statistics> rows = new ArrayList<>(end - first);
    for (int channel = first; channel < end; channel++) {
      boolean none = mins[channel] > maxs[channel];
      rows.add(
          new Statistics(
              countPerChannel,
              positiveZeros[channel] + negativeZeros[channel],
              nans[channel],
              posInfs[channel],
              negInfs[channel],
              none ? Float.NaN : Keys.value(mins[channel]),
              none ? Float.NaN : Keys.value(maxs[channel]),
              histogram(channel)));
    }
    return rows;
  }

  private Optional<Histogram> histogram(int channel) {
    if (tables.isEmpty()) {
      return Optional.empty();
    }
    WindowCounts table = tables.get(channel / WindowCounts.CHANNELS);
    return Optional.of(
        table.histogram(
            channel % WindowCounts.CHANNELS, positiveZeros[channel], negativeZeros[channel]));
  }
}
