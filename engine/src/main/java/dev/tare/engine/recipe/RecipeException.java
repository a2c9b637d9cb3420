package dev.tare.engine.recipe;

/** A recipe cannot be read; the message names the key, its file and line, and what is expected. */
public final class RecipeException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  public RecipeException(String message) {
    super(message);
  }

  public RecipeException(String message, Throwable cause) {
    super(message, cause);
  }
}
