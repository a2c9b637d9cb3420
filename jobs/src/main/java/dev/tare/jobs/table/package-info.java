/**
 * The tables that stages exchange: their schemas, and the conversion of rows to values and back.
 * For statistics begin at {@link dev.tare.jobs.table.StatisticsStore}, for their rows at {@link
 * dev.tare.jobs.table.StatisticsDecoder}; the documents next to the tables are in {@code artifact}.
 * The next room is {@code storage}.
 */
package dev.tare.jobs.table;
