package dev.tare.jobs.sql;

import java.util.List;
import java.util.Optional;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.connector.catalog.functions.ScalarFunction;
import org.apache.spark.sql.types.DataType;

/**
 * A function of one row. It returns null if an argument is null, and its failures name function and
 * tensor.
 *
 * <p>Spark looks for {@code produceResult} in the class itself, so each one declares it and calls
 * {@link #call}. All are records: Spark compares them to see that two calls are the same.
 */
interface NullSafe extends ScalarFunction<Object> {

  /** Types of the arguments; Spark casts to them if it can. */
  List<DataType> arguments();

  /**
   * Computes the value for arguments that are not null, in Spark's internal form.
   *
   * @return null if there is no value
   * @throws IllegalArgumentException if an argument is wrong
   */
  Object value(InternalRow arguments);

  /** The tensor that the arguments describe; empty if they have no such column. */
  default Optional<String> tensor(InternalRow arguments) {
    return Optional.empty();
  }

  /** Implements {@code produceResult}: calls {@link #value} unless an argument is null. */
  default Object call(InternalRow arguments) {
    for (int i = 0; i < arguments().size(); i++) {
      if (arguments.isNullAt(i)) {
        return null;
      }
    }
    try {
      return value(arguments);
    } catch (IllegalArgumentException e) {
      throw FunctionFailures.of(name(), tensor(arguments), e);
    }
  }

  @Override
  default DataType[] inputTypes() {
    return arguments().toArray(DataType[]::new);
  }
}
