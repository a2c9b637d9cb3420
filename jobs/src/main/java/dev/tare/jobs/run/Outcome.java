package dev.tare.jobs.run;

import dev.tare.jobs.ExitCode;
import dev.tare.jobs.storage.FinishedRun;
import dev.tare.jobs.storage.RunFolder;
import java.util.Optional;

/**
 * How the making of a run ended.
 *
 * @param exitCode ok, or gate failed
 * @param folder where the run is
 * @param made the run; empty for one that was there and is reused
 */
public record Outcome(ExitCode exitCode, RunFolder folder, Optional<FinishedRun> made) {}
