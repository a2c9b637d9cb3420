package dev.tare.jobs.run;

import dev.tare.jobs.artifact.InputRef;
import dev.tare.jobs.artifact.RunFacts;
import dev.tare.jobs.cli.StageOptions;
import dev.tare.jobs.storage.RunAttempt;
import java.io.IOException;
import java.util.List;

/** A subcommand that makes a run of one stage: what it reads, and what it writes. */
interface SingleStage {

  /** Its name, as the command line and the manifest spell it. */
  String name();

  StageOptions options();

  /** Everything that decides the content of the run; as it was opened first. */
  List<InputRef> inputs() throws IOException;

  /**
   * Writes the parts of the run.
   *
   * @return facts for the manifest
   */
  RunFacts write(RunAttempt attempt) throws IOException;
}
