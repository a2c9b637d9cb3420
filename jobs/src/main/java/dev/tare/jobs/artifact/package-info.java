/**
 * The documents of a run folder, each with its layout and its own strict reader. Begin at {@link
 * dev.tare.jobs.artifact.Manifest}, which lists all other files. No Spark and no Hadoop. The next
 * room is {@code table}, with the artifacts that are tables; {@code storage} writes and publishes
 * both, and stages share data only through them.
 */
package dev.tare.jobs.artifact;
