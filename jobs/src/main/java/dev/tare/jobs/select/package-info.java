/**
 * Selection: statistics, recipe and weights into a plan, without running the model. Begin at {@link
 * dev.tare.jobs.select.SelectStage}, whose work is {@link dev.tare.jobs.select.SelectJob}; {@code
 * quantize} applies the plan.
 */
package dev.tare.jobs.select;
