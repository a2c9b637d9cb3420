package dev.tare.jobs.storage;

/** What a run's publication asks of the file system. */
public enum Atomicity {
  /** A file system that cannot publish in one step is refused. */
  REQUIRED,
  /** Such a file system is accepted: the user sees to it that no two write the same run or name. */
  WHERE_POSSIBLE
}
