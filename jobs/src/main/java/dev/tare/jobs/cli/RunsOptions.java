package dev.tare.jobs.cli;

/**
 * Options of {@code tare runs}.
 *
 * @param root folder with runs somewhere below it, path or URI
 */
public record RunsOptions(String root) {}
