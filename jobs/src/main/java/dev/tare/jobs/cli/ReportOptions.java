package dev.tare.jobs.cli;

import java.util.Optional;

/**
 * Options of {@code tare report}.
 *
 * @param run a finished run, path or URI
 * @param compare another one to compare it with
 * @param out the page, path or URI
 */
public record ReportOptions(String run, Optional<String> compare, String out) {}
