/**
 * Tare on Spark: the command line and one package per stage. {@link dev.tare.jobs.Tare} is the
 * door; {@code cli} reads the command, {@code run} makes a run of it by the stages, and stages meet
 * in {@code artifact} and {@code table} alone.
 */
package dev.tare.jobs;
