package dev.tare.jobs.demo;

import java.util.Optional;
import java.util.OptionalInt;

/**
 * Options of {@code tare demo}.
 *
 * @param samples definitions or images to calibrate on, at least 1; the demo's own number if empty
 * @param evalSamples definitions or images to evaluate on, at least 1; as {@code samples}
 * @param recipe name, path or URI of a recipe; the demo's own if empty
 * @param output run folder, or of text in images the folder of two; a new one if empty
 */
public record DemoOptions(
    OptionalInt samples,
    OptionalInt evalSamples,
    Optional<String> recipe,
    Optional<String> output) {}
