package dev.tare.jobs.cli;

/**
 * Options of {@code tare verify}.
 *
 * @param run run folder or name, path or URI
 */
public record VerifyOptions(String run) {}
