package dev.tare.jobs.table;

import dev.tare.engine.statistics.MergeableState;
import dev.tare.jobs.TareException;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import org.apache.spark.api.java.function.FlatMapGroupsFunction;
import org.apache.spark.sql.Row;

/**
 * Merges the states of one kind and key; passes reports through. Keeps one state in memory at a
 * time.
 */
final class MergeStates implements FlatMapGroupsFunction<String, Row, Row> {

  private static final long serialVersionUID = 1L;

  @Override
  public Iterator<Row> call(String key, Iterator<Row> states) {
    Row first = states.next();
    if (StateRow.kind(first).isEmpty()) {
      List<Row> reports = new ArrayList<>(List.of(first));
      states.forEachRemaining(reports::add);
      return reports.iterator();
    }
    MergeableState sum = StateRow.state(first);
    while (states.hasNext()) {
      sum = merged(sum, StateRow.state(states.next()));
    }
    return List.of(StateRow.of(sum)).iterator();
  }

  private static MergeableState merged(MergeableState sum, MergeableState next) {
    try {
      return sum.merge(next);
    } catch (IllegalArgumentException e) {
      throw TareException.badInput(e.getMessage(), e);
    } catch (ArithmeticException e) {
      throw TareException.badInput(
          "Cannot merge statistics of tensor '%s': the number of values overflows (%s)"
              .formatted(sum.key().tensor(), e.getMessage()),
          e);
    }
  }
}
