package dev.tare.jobs.table;

/**
 * The cells of a row of statistics by column, for both of Spark's row types. Call {@link #has}
 * first; lists contain no nulls.
 */
public interface StatisticsCells {

  /** Whether the row has a column of this name and of the table's type for it. */
  boolean knows(String column);

  /** Whether it has the column and the value is not null. */
  boolean has(String column);

  int integer(String column);

  long whole(String column);

  float real(String column);

  String text(String column);

  /**
   * A list of whole numbers.
   *
   * @throws IllegalArgumentException if it contains a null; the message gives its index
   */
  int[] integers(String column);

  /**
   * A list of counts.
   *
   * @throws IllegalArgumentException if it contains a null; the message gives its index
   */
  long[] wholes(String column);

  /**
   * A list of edges.
   *
   * @throws IllegalArgumentException if it contains a null; the message gives its index
   */
  float[] reals(String column);

  /** Creates the exception for a null in a list, which Spark would return as 0. */
  static IllegalArgumentException nullIn(String column, int at) {
    return new IllegalArgumentException("'%s' has a null at %d".formatted(column, at));
  }
}
