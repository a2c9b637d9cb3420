/**
 * From options to a finished run, in one loop for every stage and for all of them. Begin at {@link
 * dev.tare.jobs.run.RunLoop}, which makes the run folder of {@code storage} and lets stages fill
 * it; what a stage is says {@code stage}, and {@link dev.tare.jobs.run.AllStages} are those of
 * {@code tare run}.
 */
package dev.tare.jobs.run;
