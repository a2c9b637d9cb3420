package dev.tare.engine.statistics;

import dev.tare.engine.histogram.Histogram;
import java.util.Arrays;

/** Counts of two histograms over the bins of either and zero, in order of value. */
final class AlignedCounts {
  private final long[] before;
  private final long[] after;
  private final int size;
  private final long totalBefore;
  private final long totalAfter;

  private AlignedCounts(long[] before, long[] after, int size) {
    this.before = before;
    this.after = after;
    this.size = size;
    this.totalBefore = Arrays.stream(before).sum();
    this.totalAfter = Arrays.stream(after).sum();
  }

  static AlignedCounts of(Histogram a, long zerosOfA, Histogram b, long zerosOfB) {
    long[] before = new long[a.size() + b.size() + 1];
    long[] after = new long[before.length];
    boolean zeroDone = false;
    int size = 0;
    int i = 0;
    int j = 0;
    while (i < a.size() || j < b.size() || !zeroDone) {
      int next =
          Math.min(
              i < a.size() ? a.bin(i) : Integer.MAX_VALUE,
              j < b.size() ? b.bin(j) : Integer.MAX_VALUE);
      if (next >= 0 && !zeroDone) {
        before[size] = zerosOfA;
        after[size++] = zerosOfB;
        zeroDone = true;
        continue;
      }
      if (i < a.size() && a.bin(i) == next) {
        before[size] = a.count(i++);
      }
      if (j < b.size() && b.bin(j) == next) {
        after[size] = b.count(j++);
      }
      size++;
    }
    return new AlignedCounts(before, after, size);
  }

  int size() {
    return size;
  }

  long before(int position) {
    return before[position];
  }

  long after(int position) {
    return after[position];
  }

  long totalBefore() {
    return totalBefore;
  }

  long totalAfter() {
    return totalAfter;
  }
}
