/**
 * Merges the statistics of several runs. Begin at {@link dev.tare.jobs.merge.MergeStage}; {@link
 * dev.tare.jobs.merge.MergeJob} merges tables of {@code table}. The next room is {@code select},
 * which reads the result.
 */
package dev.tare.jobs.merge;
