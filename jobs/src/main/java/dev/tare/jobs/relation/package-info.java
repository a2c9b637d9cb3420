/**
 * Data that a Spark session names: tables, views and queries. Begin at {@link
 * dev.tare.jobs.relation.Relation}; {@code input} turns its rows into samples.
 */
package dev.tare.jobs.relation;
