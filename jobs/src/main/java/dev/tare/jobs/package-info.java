/**
 * Tare on Spark: the command line and one package per stage. {@link dev.tare.jobs.Tare} is the
 * entry point; the next room is {@code cli}, which parses the command, then {@code run}, which
 * produces a run from stages. Stages exchange data only through {@code artifact} and {@code table}.
 */
package dev.tare.jobs;
