package dev.tare.engine.model;

/** A model that Tare refuses; the message names the model and the reason. */
public final class InvalidModelException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  public InvalidModelException(String model, String reason) {
    super(message(model, reason));
  }

  public InvalidModelException(String model, String reason, Throwable cause) {
    super(message(model, reason), cause);
  }

  private static String message(String model, String reason) {
    return "Cannot use model '" + model + "': " + reason;
  }
}
