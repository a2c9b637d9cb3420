/** Calibration: samples through the float model into mergeable statistics. */
package dev.tare.jobs.calibrate;
