package dev.tare.jobs;

import java.util.HashSet;
import java.util.Optional;
import java.util.Set;

/**
 * A failure that its message explains to the user, with the exit code that it ends in. The message
 * is one line that a terminal may have, whatever names stand in it.
 *
 * <p>Serializable, so that a task on an executor may throw it; {@link #find} takes it out of the
 * exceptions that Spark wraps around it.
 */
public final class TareException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final ExitCode exitCode;

  public TareException(ExitCode exitCode, String message) {
    super(Printable.message(message));
    this.exitCode = exitCode;
  }

  public TareException(ExitCode exitCode, String message, Throwable cause) {
    super(Printable.message(message), cause);
    this.exitCode = exitCode;
  }

  /** The command line or the configuration is wrong. */
  public static TareException usage(String message) {
    return new TareException(ExitCode.USAGE, message);
  }

  /** The same, with what it came from. */
  public static TareException usage(String message, Throwable cause) {
    return new TareException(ExitCode.USAGE, message, cause);
  }

  /**
   * The place does not allow the run: an output that cannot be made, a full disk, a temporary
   * folder without exec, a heap too small. The message says what to set.
   */
  public static TareException place(String message) {
    return new TareException(ExitCode.USAGE, message);
  }

  /** The same, with what it came from. */
  public static TareException place(String message, Throwable cause) {
    return new TareException(ExitCode.USAGE, message, cause);
  }

  /**
   * What Tare runs on failed, and another try may succeed: a cluster or its executors were lost.
   */
  public static TareException platform(String message, Throwable cause) {
    return new TareException(ExitCode.PLATFORM, message, cause);
  }

  /** A model, a data set or a run folder cannot be used; the message names file, tensor or row. */
  public static TareException badInput(String message) {
    return new TareException(ExitCode.BAD_INPUT, message);
  }

  /** As {@link #badInput(String)}, for a failure that something else found. */
  public static TareException badInput(String message, Throwable cause) {
    return new TareException(ExitCode.BAD_INPUT, message, cause);
  }

  /** The output folder holds a finished run. */
  public static TareException alreadyFinished(String message) {
    return new TareException(ExitCode.ALREADY_FINISHED, message);
  }

  /** The first such exception among a failure and its causes. */
  public static Optional<TareException> find(Throwable failure) {
    Set<Throwable> seen = new HashSet<>();
    for (Throwable t = failure; t != null && seen.add(t); t = t.getCause()) {
      if (t instanceof TareException found) {
        return Optional.of(found);
      }
    }
    return Optional.empty();
  }

  public ExitCode exitCode() {
    return exitCode;
  }
}
