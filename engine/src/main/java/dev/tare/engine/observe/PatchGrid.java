package dev.tare.engine.observe;

import dev.tare.engine.tensor.Shape;
import java.util.Arrays;

/**
 * The windows of {@link Patches} over an input of one shape. Not thread-safe.
 *
 * <p>Of an input with many windows only some are read, as many from each part of it: which ones
 * depends on the shape alone, so the result is a function of the input.
 */
final class PatchGrid {

  /** Windows of one sample that are read at most. */
  static final int MOST = 1024;

  /** The golden ratio's part of 2^64: its multiples are spread evenly. */
  private static final long SPREAD = 0x9E3779B97F4A7C15L;

  private static final int FRACTION_BITS = 24;

  private final int axes;
  private final int[] sizes;
  private final int[] windows;
  private final int[] before;
  private final Patches patches;
  private final int inner;
  private final int[] offsets;

  PatchGrid(Patches patches, Shape shape) {
    this.patches = patches;
    this.axes = patches.kernel().size();
    this.sizes = new int[axes];
    this.windows = new int[axes];
    this.before = new int[axes];
    this.offsets = new int[patches.taps()];
    int all = 1;
    for (int d = 0; d < axes; d++) {
      sizes[d] = Math.toIntExact(shape.dim(d + 2));
      all = Math.multiplyExact(all, sizes[d]);
      place(d);
    }
    this.inner = all;
  }

  private void place(int d) {
    int reach = (patches.kernel().get(d) - 1) * patches.dilations().get(d) + 1;
    int stride = patches.strides().get(d);
    int behind;
    if (patches.padding() == Patches.Padding.GIVEN) {
      before[d] = patches.pads().get(d);
      behind = patches.pads().get(d + axes);
    } else {
      int zeros = Math.max(0, ((sizes[d] + stride - 1) / stride - 1) * stride + reach - sizes[d]);
      int less = zeros / 2;
      before[d] = patches.padding() == Patches.Padding.SAME_UPPER ? less : zeros - less;
      behind = zeros - before[d];
    }
    int room = sizes[d] + before[d] + behind - reach;
    windows[d] = room < 0 ? 0 : room / stride + 1;
  }

  /** Values of one channel. */
  int inner() {
    return inner;
  }

  /** The windows that are read, by number in row-major order, rising. */
  int[] chosen() {
    long count = 1;
    for (int each : windows) {
      count *= each;
    }
    int kept = (int) Math.min(count, MOST);
    int[] chosen = new int[kept];
    for (int i = 0; i < kept; i++) {
      long from = i * count / kept;
      long part = (i + 1) * count / kept - from;
      long place = (i * SPREAD) >>> (Long.SIZE - FRACTION_BITS);
      chosen[i] = (int) (from + ((part * place) >> FRACTION_BITS));
    }
    return chosen;
  }

  /**
   * Reads a window: the taps of the first channel, then those of the next.
   *
   * @param piece values of a sample, channel by channel
   * @param into as many as channels times taps
   */
  void read(float[] piece, int window, float[] into) {
    locate(window);
    int at = 0;
    for (int first = 0; at < into.length; first += inner) {
      for (int offset : offsets) {
        into[at++] = offset < 0 ? 0 : piece[first + offset];
      }
    }
  }

  /** Finds where the taps of a window are in a channel; -1 for outside. */
  private void locate(int window) {
    Arrays.fill(offsets, 0);
    int rest = window;
    int stride = 1;
    int repeat = 1;
    for (int d = axes - 1; d >= 0; d--) {
      int start = rest % windows[d] * patches.strides().get(d) - before[d];
      rest /= windows[d];
      int taps = patches.kernel().get(d);
      for (int t = 0; t < offsets.length; t++) {
        int place = start + t / repeat % taps * patches.dilations().get(d);
        boolean outside = offsets[t] < 0 || place < 0 || place >= sizes[d];
        offsets[t] = outside ? -1 : offsets[t] + place * stride;
      }
      repeat *= taps;
      stride *= sizes[d];
    }
  }
}
