/**
 * Data for calibration and evaluation: Parquet, text and images become samples, exactly counted.
 */
package dev.tare.jobs.input;
