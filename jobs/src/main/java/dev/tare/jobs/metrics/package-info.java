/**
 * What Spark's metrics show of runs: begin at {@link dev.tare.jobs.metrics.RunMetrics}. Only this
 * room sees Spark's metrics system.
 */
package dev.tare.jobs.metrics;
