package dev.tare.jobs.run;

import dev.tare.jobs.ExitCode;
import dev.tare.jobs.storage.FinishedRun;
import dev.tare.jobs.storage.RunFolder;
import java.util.Optional;

/**
 * The outcome of producing a run.
 *
 * @param exitCode ok, or gate failed
 * @param folder the run's folder
 * @param made the run; empty for an existing one that is reused
 */
public record Outcome(ExitCode exitCode, RunFolder folder, Optional<FinishedRun> made) {}
