/**
 * The interface of a stage, and its inputs. Begin at {@link dev.tare.jobs.stage.Stage}; it gets a
 * {@link dev.tare.jobs.stage.Work} and reads through {@link dev.tare.jobs.stage.Inputs}, which
 * opens everything once. {@code calibrate}, {@code select}, {@code quantize}, {@code evaluate} and
 * {@code merge} are stages. The next room is {@code run}, which runs them.
 */
package dev.tare.jobs.stage;
