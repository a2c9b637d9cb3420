package dev.tare.jobs.sql;

import java.util.List;
import java.util.Optional;

/**
 * A function some of whose arguments are words, such as a type or a method. Words that a query has
 * as literals are checked before any row is read; words from columns are checked row by row.
 */
interface CheckedWords {

  /** Name of the function. */
  String name();

  /**
   * Checks words.
   *
   * @param words one for each argument; empty where it is no literal text
   * @throws IllegalArgumentException if the function does not take one of the words
   */
  void check(List<Optional<String>> words);
}
