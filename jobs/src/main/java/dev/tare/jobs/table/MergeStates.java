package dev.tare.jobs.table;

import dev.tare.engine.statistics.StatisticsBlock;
import dev.tare.engine.statistics.StatisticsBlockCodec;
import dev.tare.jobs.TareException;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import org.apache.spark.api.java.function.FlatMapGroupsFunction;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;

/** Adds up the states of one key; passes task reports through. Holds one state at a time. */
public final class MergeStates implements FlatMapGroupsFunction<String, Row, Row> {

  private static final long serialVersionUID = 1L;

  /** The key of what is no state of a block and must not be added up: no block has this key. */
  public static final String REPORT_KEY = "";

  @Override
  public Iterator<Row> call(String key, Iterator<Row> states) {
    List<Row> merged = new ArrayList<>();
    if (key.equals(REPORT_KEY)) {
      states.forEachRemaining(merged::add);
    } else {
      StatisticsBlock sum = null;
      while (states.hasNext()) {
        StatisticsBlock next = StatisticsBlockCodec.decode(states.next().getAs(1));
        sum = sum == null ? next : merged(sum, next);
      }
      merged.add(RowFactory.create(key, StatisticsBlockCodec.encode(sum)));
    }
    return merged.iterator();
  }

  private static StatisticsBlock merged(StatisticsBlock sum, StatisticsBlock next) {
    try {
      return sum.merge(next);
    } catch (IllegalArgumentException e) {
      throw TareException.badInput(e.getMessage(), e);
    } catch (ArithmeticException e) {
      throw TareException.badInput(
          "Cannot merge statistics of tensor '%s': more values than can be counted (%s)"
              .formatted(sum.key().tensor(), e.getMessage()),
          e);
    }
  }
}
