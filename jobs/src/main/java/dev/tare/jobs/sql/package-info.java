/**
 * Tare for plain SQL: functions over the columns of the statistics table and tables over all
 * finished runs below a root, in one catalog. Begin at {@link dev.tare.jobs.sql.TareCatalog}; the
 * functions are listed in {@link dev.tare.jobs.sql.NamedFunction}, the tables in {@link
 * dev.tare.jobs.sql.RunTables}. The next room is {@code cli}.
 */
package dev.tare.jobs.sql;
