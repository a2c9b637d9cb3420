/** Data for calibration and evaluation: Parquet and text become samples, exactly counted. */
package dev.tare.jobs.input;
