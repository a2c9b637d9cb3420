package dev.tare.jobs.cli;

import java.util.Optional;

/**
 * Options of {@code tare demo}.
 *
 * @param samples definitions to calibrate on, at least 1
 * @param evalSamples definitions to evaluate on, at least 1
 * @param output run folder; a new one if empty
 */
public record DemoOptions(int samples, int evalSamples, Optional<String> output) {}
