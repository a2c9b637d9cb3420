package dev.tare.jobs.run;

import dev.tare.jobs.storage.Atomicity;
import dev.tare.jobs.storage.IfFinished;
import java.util.Optional;

/**
 * Where a run is written. Not part of its configuration: the same run may be written elsewhere.
 *
 * @param output run folder, path or URI
 * @param runId id of the run, if not the last path element
 * @param ifFinished what to do with a finished run there
 * @param atomicity whether a file system that cannot publish in one step is accepted
 */
public record OutputOptions(
    String output, Optional<String> runId, IfFinished ifFinished, Atomicity atomicity) {

  public OutputOptions(String output, Optional<String> runId, IfFinished ifFinished) {
    this(output, runId, ifFinished, Atomicity.REQUIRED);
  }
}
