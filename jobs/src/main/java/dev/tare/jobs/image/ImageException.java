package dev.tare.jobs.image;

/** An image file that cannot become a tensor; the message says why, without the file's name. */
public final class ImageException extends Exception {

  private static final long serialVersionUID = 1L;

  /** Kinds of errors of a file. */
  public enum Kind {
    /** Empty, cut off, or with bytes that contradict each other. */
    DAMAGED,
    /** Neither PNG nor JPEG, or a kind of them that is not supported. */
    UNSUPPORTED,
    /** More pixels or bytes than are allowed. */
    TOO_LARGE
  }

  private final Kind kind;

  ImageException(Kind kind, String message) {
    // Files may be bad by the thousand: no stack trace.
    super(message, null, false, false);
    this.kind = kind;
  }

  public Kind kind() {
    return kind;
  }

  static ImageException damaged(String message) {
    return new ImageException(Kind.DAMAGED, message);
  }

  static ImageException unsupported(String message) {
    return new ImageException(Kind.UNSUPPORTED, message);
  }

  static ImageException tooLarge(String message) {
    return new ImageException(Kind.TOO_LARGE, message);
  }
}
