/**
 * One page about a run, made only from its artifacts. Begin at {@link
 * dev.tare.jobs.report.ReportJob}, which gathers {@link dev.tare.jobs.report.RunContent}; the
 * templates are in {@code src/main/jte}. The next room is {@code sql}.
 */
package dev.tare.jobs.report;
