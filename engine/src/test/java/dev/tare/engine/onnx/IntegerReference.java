package dev.tare.engine.onnx;

import dev.tare.engine.tensor.Shape;
import java.util.ArrayList;
import java.util.List;

/**
 * Products of integers as the ONNX standard defines MatMul, Conv and ConvTranspose, by plain loops.
 *
 * <p>Sums are exact: an int32 accumulator that the number of summands and the largest magnitudes
 * could overflow is refused before anything is summed.
 */
public final class IntegerReference {

  private IntegerReference() {}

  /** One of both is a matrix, or both have the same outer axes. */
  public static Integers matMul(Integers a, Integers b) {
    int m = a.dim(a.shape().rank() - 2);
    int k = a.dim(a.shape().rank() - 1);
    int n = b.dim(b.shape().rank() - 1);
    Integers outer = a.shape().rank() >= b.shape().rank() ? a : b;
    int batches = (int) (outer.shape().size() / outer.shape().stride(outer.shape().rank() - 3));
    require(b.dim(b.shape().rank() - 2) == k, "inner dimensions " + a.shape() + " " + b.shape());
    requireRoom(k, a, b);
    int aStep = a.shape().rank() == 2 ? 0 : m * k;
    int bStep = b.shape().rank() == 2 ? 0 : k * n;
    int[] sums = new int[batches * m * n];
    for (int batch = 0; batch < batches; batch++) {
      for (int row = 0; row < m; row++) {
        int to = (batch * m + row) * n;
        for (int i = 0; i < k; i++) {
          int factor = a.values()[batch * aStep + row * k + i];
          int from = batch * bStep + i * n;
          for (int column = 0; column < n; column++) {
            sums[to + column] += factor * b.values()[from + column];
          }
        }
      }
    }
    List<Long> dims = new ArrayList<>(outer.shape().dims().subList(0, outer.shape().rank() - 2));
    dims.add((long) m);
    dims.add((long) n);
    return new Integers(new Shape(dims), sums);
  }

  /**
   * A convolution over one or two axes.
   *
   * @param x [N, C, ...]
   * @param w [M, C / groups, ...]
   */
  public static Integers conv(Integers x, Integers w, Windows windows) {
    int inGroup = w.dim(1);
    int channels = w.dim(0);
    int perGroup = channels / windows.groups();
    require(x.dim(1) == inGroup * windows.groups(), "channels " + x.shape() + " " + w.shape());
    Windows.Axis high = windows.rows();
    Windows.Axis wide = windows.columns();
    requireRoom(inGroup * high.kernel() * wide.kernel(), x, w);
    int inPlane = high.large() * wide.large();
    int outPlane = high.small() * wide.small();
    int taps = high.kernel() * wide.kernel();
    int[] sums = new int[x.dim(0) * channels * outPlane];
    for (int plane = 0; plane < x.dim(0) * channels; plane++) {
      int sample = plane / channels;
      int channel = plane % channels;
      for (int c = 0; c < inGroup; c++) {
        int in = (sample * x.dim(1) + channel / perGroup * inGroup + c) * inPlane;
        for (int tap = 0; tap < taps; tap++) {
          int factor = w.values()[(channel * inGroup + c) * taps + tap];
          int row = tap / wide.kernel();
          int column = tap % wide.kernel();
          for (int y = high.first(row); y < high.end(row); y++) {
            int to = plane * outPlane + y * wide.small();
            int from = in + high.meets(y, row) * wide.large() + wide.meets(0, column);
            for (int o = wide.first(column); o < wide.end(column); o++) {
              sums[to + o] += factor * x.values()[from + o * wide.stride()];
            }
          }
        }
      }
    }
    return new Integers(windows.smallShape(x.dim(0), channels), sums);
  }

  /**
   * A transposed convolution: every input is spread over the window that it has in the output.
   *
   * @param x [N, C, ...]
   * @param w [C, M / groups, ...]
   */
  public static Integers convTranspose(Integers x, Integers w, Windows windows) {
    int inGroup = x.dim(1) / windows.groups();
    int outGroup = w.dim(1);
    int channels = outGroup * windows.groups();
    Windows.Axis high = windows.rows();
    Windows.Axis wide = windows.columns();
    int taps = high.kernel() * wide.kernel();
    requireRoom(inGroup * taps, x, w);
    int small = high.small() * wide.small();
    int large = high.large() * wide.large();
    int[] sums = new int[x.dim(0) * channels * large];
    for (int plane = 0; plane < x.dim(0) * channels; plane++) {
      int sample = plane / channels;
      int channel = plane % channels;
      int group = channel / outGroup;
      for (int c = group * inGroup; c < (group + 1) * inGroup; c++) {
        int in = (sample * x.dim(1) + c) * small;
        for (int tap = 0; tap < taps; tap++) {
          int factor = w.values()[(c * outGroup + channel % outGroup) * taps + tap];
          int row = tap / wide.kernel();
          int column = tap % wide.kernel();
          for (int y = high.first(row); y < high.end(row); y++) {
            for (int o = wide.first(column); o < wide.end(column); o++) {
              int to = high.meets(y, row) * wide.large() + wide.meets(o, column);
              sums[plane * large + to] += factor * x.values()[in + y * wide.small() + o];
            }
          }
        }
      }
    }
    return new Integers(windows.largeShape(x.dim(0), channels), sums);
  }

  private static void requireRoom(int summands, Integers a, Integers b) {
    Math.toIntExact(Math.multiplyExact(summands * a.largest(), b.largest()));
  }

  private static void require(boolean holds, String what) {
    if (!holds) {
      throw new IllegalArgumentException("Cannot multiply integers: " + what);
    }
  }
}
