package dev.tare.engine.range;

import dev.tare.engine.histogram.Distribution;

/** A histogram like those of the peers: touching bins of one width with float32 edges. */
final class PeerHistogram {

  private final long[] counts;
  private final float[] edges;
  private final long[] sum;

  private PeerHistogram(long[] counts, float[] edges) {
    this.counts = counts;
    this.edges = edges;
    this.sum = new long[counts.length + 1];
    for (int i = 0; i < counts.length; i++) {
      sum[i + 1] = sum[i] + counts[i];
    }
  }

  /** Returns the bins as given if they are uniform, else the two-sided uniform grid around 0. */
  static PeerHistogram of(Distribution distribution, String method) {
    if (UniformGrid.isUniform(distribution)) {
      return given(distribution);
    }
    UniformGrid grid = UniformGrid.of(distribution, method);
    int cells = grid.cells();
    long[] counts = new long[2 * cells];
    float[] edges = new float[2 * cells + 1];
    for (int i = 0; i < counts.length; i++) {
      counts[i] = i < cells ? grid.negative(cells - 1 - i) : grid.positive(i - cells);
      edges[i] = bounded((i - cells) * grid.width());
    }
    counts[cells] += grid.zeros();
    edges[counts.length] = bounded(cells * grid.width());
    return new PeerHistogram(counts, edges);
  }

  /**
   * Returns the bins as given if they are uniform, else the cells of our grid from the lowest to
   * the highest with values.
   */
  static PeerHistogram ofSeen(Distribution distribution, String method) {
    if (UniformGrid.isUniform(distribution)) {
      return given(distribution);
    }
    UniformGrid grid = UniformGrid.of(distribution, method);
    int below = grid.negativeCells();
    long[] counts = new long[below + Math.max(1, grid.positiveCells())];
    float[] edges = new float[counts.length + 1];
    for (int i = 0; i < counts.length; i++) {
      counts[i] = i < below ? grid.negative(below - 1 - i) : grid.positive(i - below);
      edges[i + 1] = bounded((i + 1 - below) * grid.width());
    }
    edges[0] = bounded(-below * grid.width());
    counts[below] += grid.zeros();
    return new PeerHistogram(counts, edges);
  }

  /** Returns the bins of |x|: as given if none is negative, else the uniform grid. */
  static PeerHistogram ofMagnitudes(Distribution distribution, String method) {
    if (UniformGrid.isUniform(distribution) && distribution.lower(0) >= 0) {
      return given(distribution);
    }
    UniformGrid grid = UniformGrid.of(distribution, method);
    long[] counts = new long[grid.cells()];
    float[] edges = new float[counts.length + 1];
    for (int i = 0; i < counts.length; i++) {
      counts[i] = grid.negative(i) + grid.positive(i);
      edges[i + 1] = bounded((i + 1) * grid.width());
    }
    counts[0] += grid.zeros();
    return new PeerHistogram(counts, edges);
  }

  /** The last cell of the largest floats ends beyond them. */
  private static float bounded(double edge) {
    return (float) Math.max(-Float.MAX_VALUE, Math.min(Float.MAX_VALUE, edge));
  }

  private static PeerHistogram given(Distribution distribution) {
    int bins = distribution.bins();
    long[] counts = new long[bins];
    float[] edges = new float[bins + 1];
    for (int i = 0; i < bins; i++) {
      counts[i] = distribution.count(i);
      edges[i] = (float) distribution.lower(i);
    }
    edges[bins] = (float) distribution.upper(bins - 1);
    return new PeerHistogram(counts, edges);
  }

  /** A copy of the counts. */
  long[] counts() {
    return counts.clone();
  }

  int bins() {
    return counts.length;
  }

  long count(int bin) {
    return counts[bin];
  }

  /** The lower edge of a bin; that of {@code bins()} is the last upper edge. */
  float edge(int bin) {
    return edges[bin];
  }

  /** Values before a bin. */
  long before(int bin) {
    return sum[bin];
  }

  /** Values in a bin and after it. */
  long from(int bin) {
    return sum[counts.length] - sum[bin];
  }
}
