/**
 * The command line: what users type, the configuration file behind it, and the options that stages
 * receive. Begin at {@link dev.tare.jobs.cli.CommandLines}; every command hands its options to
 * {@link dev.tare.jobs.cli.Stages}, which {@code run} implements. Neither Spark nor Hadoop.
 */
package dev.tare.jobs.cli;
