/** The tables that stages meet through: their schemas, and rows to values and back. */
package dev.tare.jobs.table;
