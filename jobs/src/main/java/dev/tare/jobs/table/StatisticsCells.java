package dev.tare.jobs.table;

/**
 * The cells of a row of statistics by column, whichever of Spark's two kinds of rows holds them. A
 * reader asks {@link #has} first; lists come without nulls.
 */
public interface StatisticsCells {

  /** Whether the row has a column of this name and of the table's type for it. */
  boolean knows(String column);

  /** Whether it has the column, and a value in it. */
  boolean has(String column);

  int integer(String column);

  long whole(String column);

  float real(String column);

  String text(String column);

  /**
   * A list of whole numbers.
   *
   * @throws IllegalArgumentException if it holds a null, by its place
   */
  int[] integers(String column);

  /**
   * A list of counts.
   *
   * @throws IllegalArgumentException if it holds a null, by its place
   */
  long[] wholes(String column);

  /**
   * A list of edges.
   *
   * @throws IllegalArgumentException if it holds a null, by its place
   */
  float[] reals(String column);

  /** What to throw for a null in a list: Spark would give it as 0. */
  static IllegalArgumentException nullIn(String column, int at) {
    return new IllegalArgumentException("'%s' has a null at %d".formatted(column, at));
  }
}
