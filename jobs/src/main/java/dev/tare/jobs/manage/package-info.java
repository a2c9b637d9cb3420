/**
 * Commands that manage runs and need no Spark. Begin at {@link dev.tare.jobs.manage.Housekeeping},
 * {@link dev.tare.jobs.manage.Publication}, {@link dev.tare.jobs.manage.Inspection} or {@link
 * dev.tare.jobs.manage.Export}; runs are in {@code storage}. The next room is {@code report}.
 */
package dev.tare.jobs.manage;
