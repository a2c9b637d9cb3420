package dev.tare.jobs.sql;

import java.time.Instant;
import java.util.Collection;
import java.util.concurrent.TimeUnit;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.GenericInternalRow;
import org.apache.spark.sql.catalyst.util.GenericArrayData;
import org.apache.spark.unsafe.types.UTF8String;

/** Values in Spark's internal form. */
final class InternalRows {

  private InternalRows() {}

  static InternalRow row(Object... values) {
    return new GenericInternalRow(values);
  }

  static UTF8String text(String text) {
    return UTF8String.fromString(text);
  }

  static GenericArrayData texts(Collection<String> texts) {
    return new GenericArrayData(texts.stream().map(UTF8String::fromString).toArray());
  }

  /** A timestamp: microseconds since 1970. */
  static long time(Instant time) {
    return TimeUnit.SECONDS.toMicros(time.getEpochSecond())
        + TimeUnit.NANOSECONDS.toMicros(time.getNano());
  }

  /** A figure; null for NaN and infinities, which JSON does not have. */
  static Double number(double figure) {
    return Double.isFinite(figure) ? figure : null;
  }
}
