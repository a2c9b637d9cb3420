package dev.tare.jobs.drift;

import java.util.Optional;

/**
 * Options of {@code tare drift}.
 *
 * @param baseline run folder with the statistics that the model was calibrated on
 * @param current run folder with the statistics of new data
 * @param plan run folder with the published plan; empty for the baseline's own, if it has one
 * @param limits how far a tensor may move
 * @param rows rows of the table, tensors that moved most first
 * @param json file to write all figures to, path or URI
 */
public record DriftOptions(
    String baseline,
    String current,
    Optional<String> plan,
    DriftLimits limits,
    int rows,
    Optional<String> json) {}
