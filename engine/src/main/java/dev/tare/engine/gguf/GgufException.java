package dev.tare.engine.gguf;

/** A GGUF file that is refused; the message names the file. */
public final class GgufException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  /** A name in a hostile file may be long. */
  private static final int MOST_CHARACTERS = 500;

  public GgufException(String file, String reason) {
    super(
        "%s: %s"
            .formatted(
                file,
                reason.length() <= MOST_CHARACTERS
                    ? reason
                    : reason.substring(0, MOST_CHARACTERS) + "..."));
  }
}
