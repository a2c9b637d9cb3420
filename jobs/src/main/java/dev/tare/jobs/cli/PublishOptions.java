package dev.tare.jobs.cli;

import dev.tare.jobs.storage.Atomicity;
import java.util.Optional;

/**
 * Options of {@code tare publish}.
 *
 * @param run run folder or name, path or URI
 * @param name the name that shall point to the run, path or URI
 * @param gate an evaluate run of that run, if the run has no evaluation of its own
 * @param ungated whether a run without a gate may be published
 * @param atomicity whether a file system that cannot publish in one step is accepted
 */
public record PublishOptions(
    String run, String name, Optional<String> gate, boolean ungated, Atomicity atomicity) {}
