/**
 * Tare for plain SQL: functions over the columns of the statistics table and tables over all
 * finished runs below a root, behind one catalog.
 */
package dev.tare.jobs.sql;
