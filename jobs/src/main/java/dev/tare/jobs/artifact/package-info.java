/**
 * The documents of a run folder, each with its layout and its own strict reader: {@link
 * dev.tare.jobs.artifact.Manifest} names all others and is where to begin. Neither Spark nor
 * Hadoop; {@code storage} puts them into places, {@code table} holds the artifacts that are tables,
 * and stages meet in both.
 */
package dev.tare.jobs.artifact;
