package dev.tare.jobs.cli;

/** How wide help is laid out: as the terminal, within what can be read. */
final class HelpWidth {

  /** Where nothing is known of a terminal; also the widest, since long lines are hard to read. */
  static final int DEFAULT = 100;

  /** picocli's smallest. */
  private static final int LEAST = 55;

  private HelpWidth() {}

  /**
   * Returns the width in characters.
   *
   * @param columns of the terminal, as the variable {@code COLUMNS} has them; null if it is not set
   */
  static int of(String columns) {
    if (columns == null || !columns.matches("[0-9]{1,6}")) {
      return DEFAULT;
    }
    return Math.max(LEAST, Math.min(DEFAULT, Integer.parseInt(columns)));
  }
}
