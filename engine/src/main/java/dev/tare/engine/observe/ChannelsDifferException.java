package dev.tare.engine.observe;

/** A tensor has a different number of channels than before, or lacks the channel axis. */
public final class ChannelsDifferException extends IllegalArgumentException {
  private static final long serialVersionUID = 1L;

  ChannelsDifferException(String message) {
    super(message);
  }

  ChannelsDifferException(String message, Throwable cause) {
    super(message, cause);
  }
}
