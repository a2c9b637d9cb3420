package dev.tare.jobs;

/** What a run of the command line tells its caller; the numbers are documented and stable. */
public enum ExitCode {
  /** Done; also a finished run that was reused. */
  OK(0, "ok"),
  /** The command line or the configuration is wrong. */
  USAGE(2, "usage or configuration"),
  /** A model, tokenizer, data set or run folder that cannot be used. */
  BAD_INPUT(3, "bad input or model"),
  /** The run is finished and its quality is below the gate. */
  GATE_FAILED(4, "quality gate failed"),
  /** The output folder holds a finished run. */
  ALREADY_FINISHED(5, "output already finished"),
  /** Everything that is a fault of the program or of the platform. */
  INTERNAL(70, "internal error");

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
}
