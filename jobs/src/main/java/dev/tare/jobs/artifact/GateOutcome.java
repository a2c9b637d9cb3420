package dev.tare.jobs.artifact;

import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;

/** How a quality gate ended. */
public enum GateOutcome {
  /** No limit was set. */
  NONE,
  PASSED,
  FAILED;

  /** The word that documents, tables and the console have for it. */
  public String word() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** The outcome of a word; empty if the word names no outcome. */
  public static Optional<GateOutcome> of(String word) {
    return Arrays.stream(values()).filter(outcome -> outcome.word().equals(word)).findFirst();
  }
}
