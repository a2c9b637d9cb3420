/**
 * Data for calibration and evaluation: Parquet, text and images become samples, exactly counted.
 * Begin at {@link dev.tare.jobs.input.DataSource}, which tells the format and opens a {@link
 * dev.tare.jobs.input.SampleSource}; {@code image} decodes pictures, {@code calibrate} and {@code
 * evaluate} read the samples.
 */
package dev.tare.jobs.input;
