package dev.tare.engine.infer;

/** ONNX Runtime refused a model or a batch; the message says which and why. */
public final class InferenceException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  public InferenceException(String message, Throwable cause) {
    super(message, cause);
  }
}
