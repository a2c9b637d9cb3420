/**
 * Commands that manage runs and need no Spark. Begin at {@link dev.tare.jobs.manage.Housekeeping},
 * {@link dev.tare.jobs.manage.Publication} or {@link dev.tare.jobs.manage.Inspection}; runs are in
 * {@code storage}. The next room is {@code report}.
 */
package dev.tare.jobs.manage;
