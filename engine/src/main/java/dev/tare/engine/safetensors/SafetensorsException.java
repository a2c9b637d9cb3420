package dev.tare.engine.safetensors;

/** A safetensors file, or an index of such files, that is refused; the message names the file. */
public final class SafetensorsException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  /** A name in a hostile file may be a megabyte. */
  private static final int MOST_CHARACTERS = 500;

  public SafetensorsException(String file, String reason) {
    super(message(file, reason));
  }

  public SafetensorsException(String file, String reason, Throwable cause) {
    super(message(file, reason), cause);
  }

  private static String message(String file, String reason) {
    boolean fits = reason.length() <= MOST_CHARACTERS;
    return "%s: %s".formatted(file, fits ? reason : reason.substring(0, MOST_CHARACTERS) + "...");
  }
}
