package dev.tare.jobs.sql;

import java.util.Optional;

/**
 * Failures in the form in which the author of a query reads them: first the function, then the
 * tensor.
 */
final class FunctionFailures {

  private FunctionFailures() {}

  /**
   * A failure inside a function.
   *
   * @param tensor the tensor of the row; empty if the struct has no such column
   */
  static IllegalArgumentException of(
      String function, Optional<String> tensor, RuntimeException cause) {
    String row = tensor.map(name -> " of tensor '" + name + "'").orElse("");
    return new IllegalArgumentException(
        "fn.%s%s: %s".formatted(function, row, cause.getMessage()), cause);
  }
}
