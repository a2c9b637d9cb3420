/**
 * What a stage is, and what it is given. Begin at {@link dev.tare.jobs.stage.Stage}; it takes a
 * {@link dev.tare.jobs.stage.Work} and reads through {@link dev.tare.jobs.stage.Inputs}, which open
 * everything once. {@code calibrate}, {@code select}, {@code quantize}, {@code evaluate} and {@code
 * merge} are stages; {@code run} lets them run.
 */
package dev.tare.jobs.stage;
