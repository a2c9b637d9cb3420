/** Stages put together: what each subcommand does, from its options to a finished run. */
package dev.tare.jobs.run;
