package dev.tare.engine.histogram;

import java.util.Arrays;

/**
 * Values in cells of equal width around 0, derived exactly from a histogram of float bins.
 *
 * <p>The width w is a power of two: that of the bins in the octave of the largest magnitude, the
 * finest one for which every bin lies inside one cell. A grid of m mantissa bits therefore has
 * between 2^m + 1 and 2^(m+1) cells up to the largest magnitude (fewer for a tensor of subnormals):
 * 1,025 to 2,048 at m = 10.
 *
 * <p>Cell k from 0 on holds [k w, (k+1) w) with exact zeros in cell 0; cell k below 0 holds (k w,
 * (k+1) w] without zeros. A grid of magnitudes has no cells below 0. The outermost cells on each
 * side hold values, except that cell 0 exists whenever any value does.
 */
public final class UniformGrid {

  private final double cellWidth;
  private final int firstCell;
  private final long[] counts;

  private UniformGrid(double cellWidth, int firstCell, long[] counts) {
    this.cellWidth = cellWidth;
    this.firstCell = firstCell;
    this.counts = counts;
  }

  static UniformGrid ofMagnitudes(Statistics statistics, Histogram histogram) {
    return of(statistics, histogram, false);
  }

  static UniformGrid ofValues(Statistics statistics, Histogram histogram) {
    return of(statistics, histogram, true);
  }

  private static UniformGrid of(Statistics statistics, Histogram histogram, boolean signed) {
    int bits = histogram.mantissaBits();
    int size = histogram.size();
    int below = size > 0 && histogram.bin(0) < 0 ? ~histogram.bin(0) : -1;
    int above = size > 0 && histogram.bin(size - 1) >= 0 ? histogram.bin(size - 1) : -1;
    int top = Math.max(0, Math.max(below, above));
    // Subnormals (exponent 0) share the bin width of the first normal octave.
    int exponent = Math.max(1, top >> bits);
    double width = Math.scalb(1.0, exponent - 127 - bits);
    if (statistics.finite() == 0) {
      return new UniformGrid(width, 0, new long[0]);
    }
    int negativeCells = signed && below >= 0 ? cell(below, bits, exponent) + 1 : 0;
    int positiveCells = cell(Math.max(0, signed ? above : top), bits, exponent) + 1;
    long[] counts = new long[negativeCells + positiveCells];
    counts[negativeCells] = statistics.zeros();
    for (int i = 0; i < size; i++) {
      int bin = histogram.bin(i);
      int cell = cell(bin >= 0 ? bin : ~bin, bits, exponent);
      counts[negativeCells + (signed && bin < 0 ? ~cell : cell)] += histogram.count(i);
    }
    return new UniformGrid(width, -negativeCells, counts);
  }

  /** The cell of a magnitude bin: its lower edge, as a whole number of bottom steps, shifted. */
  private static int cell(int magnitudeBin, int bits, int topExponent) {
    int exponent = magnitudeBin >> bits;
    int fraction = magnitudeBin & ((1 << bits) - 1);
    int significand = exponent == 0 ? fraction : fraction | (1 << bits);
    int shift = topExponent - Math.max(1, exponent);
    return shift > bits ? 0 : significand >> shift;
  }

  /** Width w of every cell, a power of two. */
  public double cellWidth() {
    return cellWidth;
  }

  /** Number of the first cell: minus the number of cells below 0. */
  public int firstCell() {
    return firstCell;
  }

  /** Number of the last cell plus 1: the number of cells from 0 on. */
  public int endCell() {
    return firstCell + counts.length;
  }

  /** Number of cells, those below 0 and those from 0 on. */
  public int cells() {
    return counts.length;
  }

  /**
   * Number of values in a cell.
   *
   * @param cell any cell number; 0 outside of [firstCell, endCell)
   */
  public long count(int cell) {
    return cell < firstCell || cell >= endCell() ? 0 : counts[cell - firstCell];
  }

  /** The counts of all cells from the first on; a copy. */
  public long[] counts() {
    return counts.clone();
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof UniformGrid that
        && cellWidth == that.cellWidth
        && firstCell == that.firstCell
        && Arrays.equals(counts, that.counts);
  }

  @Override
  public int hashCode() {
    return 31 * (31 * Double.hashCode(cellWidth) + firstCell) + Arrays.hashCode(counts);
  }
}
