package dev.tare.engine.observe;

import java.util.Arrays;

/** Products in plain Java, for runtimes without exact kernels. */
public final class PlainCodeProducts implements CodeProducts {

  /** Sums for one channel: of so many codes they fit into ints. */
  private int[] row = new int[0];

  @Override
  public void add(byte[] codes, int vectors, int channels, long[][] upper) {
    // Channel by channel, so that the inner loop runs over adjacent numbers.
    int[][] wide = new int[vectors][channels];
    for (int v = 0; v < vectors; v++) {
      for (int j = 0; j < channels; j++) {
        wide[v][j] = codes[v * channels + j];
      }
    }
    if (row.length < channels) {
      row = new int[channels];
    }
    for (int i = 0; i < channels; i++) {
      Arrays.fill(row, 0, channels, 0);
      for (int[] vector : wide) {
        add(vector, i, channels);
      }
      for (int j = i; j < channels; j++) {
        upper[i][j - i] = Math.addExact(upper[i][j - i], row[j]);
      }
    }
  }

  private void add(int[] vector, int i, int channels) {
    int factor = vector[i];
    if (factor != 0) {
      for (int j = i; j < channels; j++) {
        row[j] += factor * vector[j];
      }
    }
  }

  @Override
  public void close() {
    row = new int[0];
  }
}
