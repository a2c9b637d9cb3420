/**
 * The command line: options, and the configuration file that can set them. Begin at {@link
 * dev.tare.jobs.cli.CalibrateCommand}: a command turns its fields into options and passes a stage
 * to {@code run}, the next room; {@link dev.tare.jobs.cli.CommandLines} parses for all commands. No
 * Spark.
 */
package dev.tare.jobs.cli;
