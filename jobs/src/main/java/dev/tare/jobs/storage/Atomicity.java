package dev.tare.jobs.storage;

/** What a run's publication requires from the file system. */
public enum Atomicity {
  /** A file system that cannot publish in one step is refused. */
  REQUIRED,
  /**
   * Such a file system is accepted: the user ensures that no two writers use the same run or name.
   */
  WHERE_POSSIBLE
}
