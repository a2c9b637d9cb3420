package dev.tare.jobs.image;

import java.util.Arrays;

/**
 * Bilinear resizing with antialiasing, in integers: the same bytes on every machine.
 *
 * <p>Centres of pixels are at halves; the source is weighted by a triangle with the width of two
 * source pixels, or of two target pixels if these are larger. Weights have 22 fractional bits,
 * columns are resized before rows, and the values in between are rounded to bytes: bit for bit
 * {@code Image.resize(size, BILINEAR)} of Pillow up to version 11. Later versions resize rows first
 * if that is less work, which changes some bytes by 1.
 *
 * @see <a href="https://github.com/python-pillow/Pillow/blob/main/src/libImaging/Resample.c">
 *     Resample.c</a>
 */
final class Resample {

  private static final int PRECISION_BITS = 32 - 8 - 2;
  private static final int HALF = 1 << (PRECISION_BITS - 1);

  private Resample() {}

  /**
   * A part of a resized axis.
   *
   * @param full pixels of the whole resized axis, at least 1
   * @param offset first pixel of the part
   * @param length pixels of the part, at least 1; {@code offset + length <= full}
   */
  record Window(long full, long offset, int length) {

    static Window whole(int length) {
      return new Window(length, 0, length);
    }
  }

  /** For each pixel of the part, the first source pixel and the weights from there on. */
  private static final class Axis {

    private final int[][] weights;
    private final int[] starts;

    private Axis(int[][] weights, int[] starts) {
      this.weights = weights;
      this.starts = starts;
    }

    static Axis of(int source, Window window) {
      double scale = (double) source / window.full();
      double support = Math.max(scale, 1);
      int[][] weights = new int[window.length()][];
      int[] starts = new int[window.length()];
      for (int i = 0; i < starts.length; i++) {
        double center = (window.offset() + i + 0.5) * scale;
        int start = Math.max(0, (int) (center - support + 0.5));
        int end = Math.min(source, (int) (center + support + 0.5));
        starts[i] = start;
        weights[i] = weights(start, end, center, support);
      }
      return new Axis(weights, starts);
    }

    private static int[] weights(int start, int end, double center, double support) {
      double inverse = 1 / support;
      double[] exact = new double[end - start];
      double sum = 0;
      for (int k = 0; k < exact.length; k++) {
        exact[k] = Math.max(0, 1 - Math.abs((k + start - center + 0.5) * inverse));
        sum += exact[k];
      }
      int[] weights = new int[exact.length];
      for (int k = 0; k < weights.length; k++) {
        weights[k] = (int) (0.5 + exact[k] / sum * (1 << PRECISION_BITS));
      }
      return weights;
    }

    int end(int i) {
      return starts[i] + weights[i].length;
    }
  }

  /**
   * Resizes an image, or makes a part of the resized image.
   *
   * <p>Costs about {@code 2 * source pixels} multiplications per channel if the image shrinks, and
   * one int of memory per target value.
   */
  static Pixels bilinear(Pixels source, Window columns, Window rows) {
    Axis horizontal = Axis.of(source.width, columns);
    Axis vertical = Axis.of(source.height, rows);
    Pixels target = new Pixels(columns.length(), rows.length(), source.channels);
    int stride = target.width * target.channels;
    int[] sums = new int[target.values.length];
    Arrays.fill(sums, HALF);
    int[] row = new int[stride];
    int first = 0;
    for (int y = vertical.starts[0]; y < vertical.end(target.height - 1); y++) {
      resize(source, y, horizontal, row);
      while (vertical.end(first) <= y) {
        first++;
      }
      for (int t = first; t < target.height && vertical.starts[t] <= y; t++) {
        int weight = vertical.weights[t][y - vertical.starts[t]];
        for (int i = 0; i < stride; i++) {
          sums[t * stride + i] += row[i] * weight;
        }
      }
    }
    for (int i = 0; i < sums.length; i++) {
      target.values[i] = (byte) clip(sums[i]);
    }
    return target;
  }

  private static void resize(Pixels source, int y, Axis axis, int[] row) {
    int channels = source.channels;
    int line = y * source.width * channels;
    for (int x = 0; x < axis.starts.length; x++) {
      int[] weights = axis.weights[x];
      for (int c = 0; c < channels; c++) {
        int from = line + axis.starts[x] * channels + c;
        int sum = HALF;
        for (int weight : weights) {
          sum += (source.values[from] & 0xFF) * weight;
          from += channels;
        }
        row[x * channels + c] = clip(sum);
      }
    }
  }

  private static int clip(int sum) {
    return Math.min(255, sum >>> PRECISION_BITS);
  }
}
