/**
 * From options to a finished run, in one loop for single stages and for all of them. Begin at
 * {@link dev.tare.jobs.run.RunLoop}, which creates the run folder through {@code storage} and lets
 * stages write to it; {@code stage} defines what a stage is, and {@link
 * dev.tare.jobs.run.AllStages} are those of {@code tare run}. The next room of the reading path is
 * {@code calibrate}.
 */
package dev.tare.jobs.run;
