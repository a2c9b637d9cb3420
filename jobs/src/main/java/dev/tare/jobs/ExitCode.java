package dev.tare.jobs;

/** What a run of the command line tells its caller; the numbers are documented and stable. */
public enum ExitCode {
  /** Done; also a finished run that was reused. */
  OK(0, "ok"),
  /**
   * The command line, the configuration or the place is wrong: an output that cannot be made, a
   * full disk, a heap too small. The message says what to set.
   */
  USAGE(2, "usage, configuration or the place: the message says what to set"),
  /** A model, tokenizer, data set or run folder that cannot be used. */
  BAD_INPUT(3, "bad input or model"),
  /** The run is finished and its quality is below the gate; or statistics drifted. */
  GATE_FAILED(4, "quality gate failed, or statistics drifted"),
  /** The output folder holds a finished run. */
  ALREADY_FINISHED(5, "output already finished"),
  /** What Tare runs on failed: a cluster lost, executors lost again and again. */
  PLATFORM(6, "the platform failed; another try may help"),
  /** A fault of the program. */
  INTERNAL(70, "a bug of Tare"),
  /** Stopped by Ctrl-C (SIGINT). */
  INTERRUPTED(130, "stopped by Ctrl-C"),
  /** Stopped by SIGTERM or SIGHUP, as a scheduler or a cluster does it. */
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

  /** The words that the help shows beside the number. */
  public String meaning() {
    return meaning;
  }

  /** Whether somebody stopped the run; its status then is {@code interrupted}, not failed. */
  public boolean stopped() {
    return this == INTERRUPTED || this == TERMINATED;
  }
}
