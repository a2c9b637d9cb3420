package dev.tare.jobs.storage;

/** What to do if the output folder contains a finished run. */
public enum IfFinished {
  /** Refuse with exit code 5. */
  FAIL,
  /** Use it as the result if inputs and configuration have the same fingerprint. */
  REUSE
}
