package dev.tare.jobs.cli;

import java.util.Optional;

/**
 * Options of {@code tare drift}.
 *
 * @param baseline run folder with the statistics that the model was calibrated on
 * @param current run folder with the statistics of new data
 * @param plan run folder with the published plan; empty for the baseline's own, if it has one
 * @param maxPsi most population stability index
 * @param maxJensenShannon most Jensen-Shannon distance
 * @param maxKolmogorovSmirnov most Kolmogorov-Smirnov distance
 * @param maxClipIncrease how much more of the values, as a share, the published scales may clip
 * @param maxNonFinite how much more of the values, as a share, may be NaN or infinite
 * @param rows rows of the table, the farthest tensors first
 * @param json file to write all figures to, path or URI
 */
public record DriftOptions(
    String baseline,
    String current,
    Optional<String> plan,
    double maxPsi,
    double maxJensenShannon,
    double maxKolmogorovSmirnov,
    double maxClipIncrease,
    double maxNonFinite,
    int rows,
    Optional<String> json) {}
