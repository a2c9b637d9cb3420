/**
 * Run folders on storage, publication that is seen whole or not at all, and the cache that brings
 * models to each machine. {@link dev.tare.jobs.storage.RunFolder} is where to begin; what the files
 * say is the matter of {@code artifact}. Hadoop, but not Spark.
 */
package dev.tare.jobs.storage;
