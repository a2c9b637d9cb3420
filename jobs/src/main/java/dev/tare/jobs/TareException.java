package dev.tare.jobs;

import java.util.HashSet;
import java.util.Optional;
import java.util.Set;

/**
 * A failure whose message explains it to the user, with an exit code. The message is one line that
 * is safe for a terminal, whatever names it contains.
 *
 * <p>Serializable, so that a task on an executor may throw it; {@link #find} unwraps it from
 * Spark's exceptions.
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

  /** Creates an error of the command line or the configuration. */
  public static TareException usage(String message) {
    return new TareException(ExitCode.USAGE, message);
  }

  /** Creates the same error with a cause. */
  public static TareException usage(String message, Throwable cause) {
    return new TareException(ExitCode.USAGE, message, cause);
  }

  /**
   * Creates an error of the environment: an output that cannot be created, a full disk, a temporary
   * folder without exec, too small a heap. The message says what to set.
   */
  public static TareException place(String message) {
    return new TareException(ExitCode.USAGE, message);
  }

  /** Creates the same error with a cause. */
  public static TareException place(String message, Throwable cause) {
    return new TareException(ExitCode.USAGE, message, cause);
  }

  /**
   * Creates an error of the platform, where trying again may succeed: a cluster or its executors
   * were lost.
   */
  public static TareException platform(String message, Throwable cause) {
    return new TareException(ExitCode.PLATFORM, message, cause);
  }

  /**
   * Creates an error of a model, a data set or a run folder; the message names file, tensor or row.
   */
  public static TareException badInput(String message) {
    return new TareException(ExitCode.BAD_INPUT, message);
  }

  /** Creates the same error with a cause. */
  public static TareException badInput(String message, Throwable cause) {
    return new TareException(ExitCode.BAD_INPUT, message, cause);
  }

  /** Creates the error for an output folder that contains a finished run. */
  public static TareException alreadyFinished(String message) {
    return new TareException(ExitCode.ALREADY_FINISHED, message);
  }

  /** Returns the first such exception among a failure and its causes. */
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
