/**
 * Runs as rows of tables that a catalog of Spark has: begin at {@link
 * dev.tare.jobs.catalog.CatalogTables}. {@code sql} is the other way round: there the folders of
 * runs are a catalog.
 */
package dev.tare.jobs.catalog;
