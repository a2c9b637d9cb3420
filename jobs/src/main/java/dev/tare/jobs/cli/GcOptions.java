package dev.tare.jobs.cli;

import java.time.Duration;

/**
 * Options of {@code tare gc}.
 *
 * @param root folder with runs somewhere below it, path or URI
 * @param olderThan least age of what is removed
 * @param dryRun whether to tell only what would be removed
 */
public record GcOptions(String root, Duration olderThan, boolean dryRun) {}
