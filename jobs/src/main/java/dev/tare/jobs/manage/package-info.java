/**
 * Commands that look after runs and need no Spark. Begin at {@link
 * dev.tare.jobs.manage.Housekeeping}, {@link dev.tare.jobs.manage.Publication} or {@link
 * dev.tare.jobs.manage.Inspection}; {@code storage} has the runs.
 */
package dev.tare.jobs.manage;
