package dev.tare.engine.observe;

import java.util.HashMap;
import java.util.Map;

/**
 * What bins counted beyond the room of an int; not thread-safe.
 *
 * <p>A table of ints says how many values it took, which no bin can exceed. Only when that sum
 * reaches the largest int is the table looked through: bins beyond 2^30 carry over to here. There
 * are few, since each stands for 2^30 values, so a state hardly grows with the data.
 */
final class Carries {

  static final int LIMIT = 1 << 30;

  private final Map<Integer, Long> carried = new HashMap<>();

  /**
   * Takes over what large counts hold.
   *
   * @param limit counts beyond it carry over
   * @return the largest count that the table has now
   */
  int relieve(int[] counts, int limit) {
    int largest = 0;
    for (int i = 0; i < counts.length; i++) {
      if (counts[i] > limit) {
        // One stays: a bin without any looks as if it was never touched.
        carried.merge(i, counts[i] - 1L, Math::addExact);
        counts[i] = 1;
      }
      largest = Math.max(largest, counts[i]);
    }
    return largest;
  }

  /** What the bin at a place of the table carried over. */
  long at(int place) {
    return carried.isEmpty() ? 0 : carried.getOrDefault(place, 0L);
  }
}
