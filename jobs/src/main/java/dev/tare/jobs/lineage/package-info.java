/**
 * Events of OpenLineage: begin at {@link dev.tare.jobs.lineage.LineageEvents}. Only this room sees
 * OpenLineage's library; {@code run} tells it when a run begins and ends.
 */
package dev.tare.jobs.lineage;
