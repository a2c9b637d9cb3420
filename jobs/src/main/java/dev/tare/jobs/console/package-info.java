/**
 * Progress while a command runs, and tables of results. Begin at {@link
 * dev.tare.jobs.console.Progress}, which stages report to. The next room is {@code manage}.
 */
package dev.tare.jobs.console;
