package dev.tare.jobs.cli;

/**
 * Options of {@code tare inspect}.
 *
 * @param target a model or a run folder, path or URI
 */
public record InspectOptions(String target) {}
