package dev.tare.jobs.report;

/**
 * A name, a value and a note about it.
 *
 * @param note may be empty
 */
record Fact(String name, String value, String note) {

  static Fact of(String name, String value) {
    return new Fact(name, value, "");
  }
}
