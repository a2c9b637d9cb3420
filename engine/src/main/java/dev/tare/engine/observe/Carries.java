package dev.tare.engine.observe;

import java.util.HashMap;
import java.util.Map;

/**
 * Counts that no longer fit the ints of a table; not thread-safe.
 *
 * <p>A table of ints keeps the number of values added to it, which no bin can exceed. Only when
 * that number reaches the largest int is the table searched: bins above 2^30 carry over to here.
 * They are few, since each means 2^30 values, so a state hardly grows with the data.
 */
final class Carries {

  static final int LIMIT = 1 << 30;

  private final Map<Integer, Long> carried = new HashMap<>();

  /**
   * Moves large counts from the table to here.
   *
   * @param limit counts beyond it carry over
   * @return the largest count that the table has now
   */
  int relieve(int[] counts, int limit) {
    int largest = 0;
    for (int i = 0; i < counts.length; i++) {
      if (counts[i] > limit) {
        // One stays: a bin with count 0 would look as if it was never touched.
        carried.merge(i, counts[i] - 1L, Math::addExact);
        counts[i] = 1;
      }
      largest = Math.max(largest, counts[i]);
    }
    return largest;
  }

  /** The count carried over from the bin at an index of the table. */
  long at(int place) {
    return carried.isEmpty() ? 0 : carried.getOrDefault(place, 0L);
  }
}
