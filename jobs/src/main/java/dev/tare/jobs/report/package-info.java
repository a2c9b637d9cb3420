/** One page about a run, from its artifacts alone. */
package dev.tare.jobs.report;
