package dev.tare.jobs.sql;

/**
 * FunctionFailures as somebody reads them who wrote a query: the function first, then the tensor.
 */
final class FunctionFailures {

  private FunctionFailures() {}

  /**
   * A failure inside a function.
   *
   * @param tensor whose row it was; empty if the struct does not tell
   */
  static IllegalArgumentException of(String function, String tensor, RuntimeException cause) {
    String row = tensor.isEmpty() ? "" : " of tensor '" + tensor + "'";
    return new IllegalArgumentException(
        "fn.%s%s: %s".formatted(function, row, cause.getMessage()), cause);
  }
}
