/**
 * The command line: what users type, the configuration file behind it, and the options that stages
 * receive. Neither Spark nor Hadoop.
 */
package dev.tare.jobs.cli;
