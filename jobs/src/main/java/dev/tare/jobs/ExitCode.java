package dev.tare.jobs;

/** The exit codes of the command line; the numbers are documented and stable. */
public enum ExitCode {
  /** Done; also a finished run that was reused. */
  OK(0, "ok"),
  /**
   * The command line, the configuration or the environment is wrong: an output that cannot be
   * created, a full disk, too small a heap. The message says what to set.
   */
  USAGE(2, "usage, configuration or environment: the message says what to set"),
  /** A model, tokenizer, data set or run folder that cannot be used. */
  BAD_INPUT(3, "bad input or model"),
  /** The run is finished and its quality is below the gate; or statistics drifted. */
  GATE_FAILED(4, "quality gate failed, or statistics drifted"),
  /** The output folder contains a finished run. */
  ALREADY_FINISHED(5, "output already finished"),
  /** The platform failed: the cluster was lost, or executors were lost repeatedly. */
  PLATFORM(6, "the platform failed; trying again may help"),
  /** A fault of the program. */
  INTERNAL(70, "a bug in Tare"),
  /** Stopped by Ctrl-C (SIGINT). */
  INTERRUPTED(130, "stopped by Ctrl-C"),
  /** Stopped by SIGTERM or SIGHUP, as sent by a scheduler or a cluster. */
  TERMINATED(143, "stopped by SIGTERM");

  private final int code;
  private final String meaning;

  ExitCode(int code, String meaning) {
    this.code = code;
    this.meaning = meaning;
  }

  public int code() {
    return code;
  }

  /** Returns the description shown in the help. */
  public String meaning() {
    return meaning;
  }

  /**
   * Whether the run was stopped from outside; its status is then {@code interrupted}, not failed.
   */
  public boolean stopped() {
    return this == INTERRUPTED || this == TERMINATED;
  }

  /**
   * Whether the same command, given again, may go on with what the ended one has written: it was
   * stopped, or failed for a reason outside of its input.
   */
  public boolean mayGoOn() {
    return this != BAD_INPUT && this != ALREADY_FINISHED;
  }
}
