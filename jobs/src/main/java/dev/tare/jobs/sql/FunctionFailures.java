package dev.tare.jobs.sql;

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
  static IllegalArgumentException of(String function, String tensor, RuntimeException cause) {
    String row = tensor.isEmpty() ? "" : " of tensor '" + tensor + "'";
    return new IllegalArgumentException(
        "fn.%s%s: %s".formatted(function, row, cause.getMessage()), cause);
  }
}
