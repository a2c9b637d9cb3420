package dev.tare.jobs.artifact;

import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;

/** The result of a quality gate. */
public enum GateOutcome {
  /** No limit was set. */
  NONE,
  PASSED,
  FAILED;

  /** Returns the word used in documents, tables and on the console. */
  public String word() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** Returns the outcome for a word; empty if there is none. */
  public static Optional<GateOutcome> of(String word) {
    return Arrays.stream(values()).filter(outcome -> outcome.word().equals(word)).findFirst();
  }
}
