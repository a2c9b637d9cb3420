/**
 * One page about a run, from its artifacts alone. Begin at {@link dev.tare.jobs.report.ReportJob},
 * which gathers {@link dev.tare.jobs.report.RunContent}; the templates are in {@code src/main/jte}.
 */
package dev.tare.jobs.report;
