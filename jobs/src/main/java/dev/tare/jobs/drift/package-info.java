/**
 * Measures how far new traffic moved from the calibration data of a model. Begin at {@link
 * dev.tare.jobs.drift.DriftCheck}; {@link dev.tare.jobs.drift.DriftJob} compares two tables of
 * {@code table}. The next room is {@code run}.
 */
package dev.tare.jobs.drift;
