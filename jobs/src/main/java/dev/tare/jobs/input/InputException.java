package dev.tare.jobs.input;

/** Data that cannot be calibrated or evaluated on; the message names file, column or row. */
public final class InputException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  public InputException(String message) {
    super(message);
  }

  public InputException(String message, Throwable cause) {
    super(message, cause);
  }
}
