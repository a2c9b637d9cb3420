package dev.tare.jobs.input;

/** A row that cannot be a sample; it is caught where rows are built and becomes data. */
final class BadRowException extends Exception {

  private static final long serialVersionUID = 1L;

  private final Reason reason;

  BadRowException(Reason reason, String message) {
    // Rows may be bad by the million: no stack trace.
    super(message, null, false, false);
    this.reason = reason;
  }

  Reason reason() {
    return reason;
  }
}
