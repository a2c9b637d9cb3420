/**
 * Calibration: samples through the float model into mergeable statistics. Begin at {@link
 * dev.tare.jobs.calibrate.CalibrateStage}; {@link dev.tare.jobs.calibrate.CalibrateJob} runs on the
 * driver, {@link dev.tare.jobs.calibrate.CalibrateTask} on executors, where the reading path
 * continues with the engine's {@code Observer}; {@code table} merges and writes the counts. The
 * next room is {@code select}, which reads them.
 */
package dev.tare.jobs.calibrate;
