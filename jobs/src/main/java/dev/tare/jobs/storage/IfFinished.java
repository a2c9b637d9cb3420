package dev.tare.jobs.storage;

/** What to do when the output folder holds a finished run. */
public enum IfFinished {
  /** Refuse. */
  FAIL,
  /** Take it as the result, provided inputs and configuration have the same fingerprint. */
  REUSE
}
