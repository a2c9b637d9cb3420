/**
 * How far new traffic moved from what a model was calibrated on. Begin at {@link
 * dev.tare.jobs.drift.DriftJob}, which compares two tables of {@code table}.
 */
package dev.tare.jobs.drift;
