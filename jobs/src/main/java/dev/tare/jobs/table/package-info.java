/**
 * The tables that stages meet through: their schemas, and rows to values and back. Statistics begin
 * at {@link dev.tare.jobs.table.StatisticsStore} and rows of them at {@link
 * dev.tare.jobs.table.StatisticsDecoder}; the documents beside the tables are {@code artifact}'s.
 */
package dev.tare.jobs.table;
