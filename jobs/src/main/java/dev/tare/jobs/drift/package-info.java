/**
 * How far new traffic moved from what a model was calibrated on. Begin at {@link
 * dev.tare.jobs.drift.DriftCheck}; {@link dev.tare.jobs.drift.DriftJob} compares two tables of
 * {@code table}.
 */
package dev.tare.jobs.drift;
