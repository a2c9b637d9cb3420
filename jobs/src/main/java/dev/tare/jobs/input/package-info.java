/**
 * Data for calibration and evaluation: converts Parquet, text and images to samples, and counts
 * rows exactly. Begin at {@link dev.tare.jobs.input.DataSource}, which detects the format and opens
 * a {@link dev.tare.jobs.input.SampleSource}; {@code image} decodes pictures. The next room is
 * {@code calibrate}, which reads the samples.
 */
package dev.tare.jobs.input;
