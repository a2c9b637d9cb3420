/**
 * Calibration: samples through the float model into mergeable statistics. {@link
 * dev.tare.jobs.calibrate.CalibrateStage} begins, {@link dev.tare.jobs.calibrate.CalibrateJob} is
 * its work on the driver, {@link dev.tare.jobs.calibrate.CalibrateTask} on executors; {@code table}
 * merges and writes what they counted, and {@code select} reads it.
 */
package dev.tare.jobs.calibrate;
