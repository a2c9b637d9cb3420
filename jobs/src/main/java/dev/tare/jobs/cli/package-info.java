/**
 * The command line: what users type, and the configuration file behind it. Begin at {@link
 * dev.tare.jobs.cli.CalibrateCommand}: a command makes options of its fields and hands a stage to
 * {@code run}; {@link dev.tare.jobs.cli.CommandLines} parses for all of them. No Spark.
 */
package dev.tare.jobs.cli;
