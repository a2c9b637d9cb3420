/**
 * Selection: makes a plan from statistics, recipe and weights, without running the model. Begin at
 * {@link dev.tare.jobs.select.SelectStage}, whose work is {@link dev.tare.jobs.select.SelectJob};
 * the next room is {@code quantize}, which applies the plan.
 */
package dev.tare.jobs.select;
