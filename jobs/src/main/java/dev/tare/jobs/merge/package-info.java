/**
 * Statistics of several runs become those of one. Begin at {@link dev.tare.jobs.merge.MergeStage};
 * {@link dev.tare.jobs.merge.MergeJob} adds up tables of {@code table}, and {@code select} reads
 * the sum.
 */
package dev.tare.jobs.merge;
