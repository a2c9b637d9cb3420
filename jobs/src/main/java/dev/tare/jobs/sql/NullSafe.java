package dev.tare.jobs.sql;

import java.util.List;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.connector.catalog.functions.ScalarFunction;
import org.apache.spark.sql.types.DataType;

/**
 * A function of one row: null where an argument is null, and failures that name function and
 * tensor.
 *
 * <p>Spark looks for {@code produceResult} in the class itself, so each one declares it and calls
 * {@link #call}. All are records: Spark compares them to see that two calls are the same.
 */
interface NullSafe extends ScalarFunction<Object> {

  /** Types of the arguments, which Spark casts to where it can. */
  List<DataType> arguments();

  /**
   * The value for arguments of which none is null, as Spark holds it inside.
   *
   * @return null where there is no answer
   * @throws IllegalArgumentException if an argument is wrong
   */
  Object value(InternalRow arguments);

  /** The tensor that the arguments are of; empty if they do not tell. */
  default String tensor(InternalRow arguments) {
    return "";
  }

  /** What {@code produceResult} does. */
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
