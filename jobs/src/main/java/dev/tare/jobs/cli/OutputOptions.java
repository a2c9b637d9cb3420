package dev.tare.jobs.cli;

import dev.tare.jobs.storage.IfFinished;
import java.util.Optional;

/**
 * Where a run goes. Not part of its configuration: the same run may go elsewhere.
 *
 * @param output run folder, path or URI
 * @param runId id of the run, if not the last path element
 * @param ifFinished what to do with a finished run there
 */
public record OutputOptions(String output, Optional<String> runId, IfFinished ifFinished) {}
