/**
 * What people see while they wait, and tables of results. Begin at {@link
 * dev.tare.jobs.console.Progress}; stages tell it what they do.
 */
package dev.tare.jobs.console;
