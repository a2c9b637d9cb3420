package dev.tare.jobs.table;

import dev.tare.engine.plan.TensorPlan;
import dev.tare.jobs.TareException;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.apache.spark.sql.Row;

/** Checks that the slices of one constant cover each of its bytes exactly once. Not thread-safe. */
final class SliceCover {
  private final TensorPlan plan;
  private final long bytes;
  private final Map<Long, Integer> lengths = new TreeMap<>();
  private final Map<Long, Integer> numbers = new TreeMap<>();

  SliceCover(TensorPlan plan) {
    this.plan = plan;
    this.bytes = WeightTables.bytes(plan);
  }

  /**
   * Adds a row of the table.
   *
   * @param row values in the order of {@link WeightTables#WEIGHTS_SCHEMA}
   * @throws TareException (bad input) if it is outside the constant, or occurred before
   */
  void add(Row row) {
    long offset = row.getLong(WeightTables.at("offset"));
    int number = row.getInt(WeightTables.at("slice"));
    int length = row.<byte[]>getAs(WeightTables.at("data")).length;
    if (number < 0 || offset < 0 || length == 0 || offset > bytes - length) {
      throw contradiction(
          plan,
          "slice %d has %d bytes at %d, but the plan gives %d in total"
              .formatted(number, length, offset, bytes));
    }
    if (lengths.putIfAbsent(offset, length) != null) {
      throw contradiction(plan, "slice %d at %d occurs twice".formatted(number, offset));
    }
    numbers.put(offset, number);
  }

  /**
   * Checks that the constant is complete.
   *
   * @throws TareException (bad input) if a byte is missing, or in two slices
   */
  void requireWhole() {
    long end = 0;
    int next = 0;
    for (Map.Entry<Long, Integer> slice : lengths.entrySet()) {
      if (slice.getKey() != end || numbers.get(slice.getKey()) != next) {
        throw contradiction(
            plan,
            "slice %d begins at %d, where slice %d must begin at %d"
                .formatted(numbers.get(slice.getKey()), slice.getKey(), next, end));
      }
      end += slice.getValue();
      next++;
    }
    if (end != bytes) {
      throw contradiction(
          plan, "its slices have %d bytes, but the plan gives %d".formatted(end, bytes));
    }
  }

  static TareException contradiction(TensorPlan plan, String what) {
    return TareException.badInput(
        "The table of weights contradicts the plan about the %s '%s': %s"
            .formatted(plan.role().name().toLowerCase(Locale.ROOT), plan.tensor(), what));
  }
}
