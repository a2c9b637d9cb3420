/**
 * Stages put together: what each subcommand does, from its options to a finished run. Begin at
 * {@link dev.tare.jobs.run.SparkStages}, which makes the run folder of {@code storage} and lets a
 * stage fill it; {@code calibrate}, {@code select}, {@code quantize} and {@code evaluate} do the
 * work on Spark.
 */
package dev.tare.jobs.run;
