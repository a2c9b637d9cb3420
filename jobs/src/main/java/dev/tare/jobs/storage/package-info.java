/**
 * Run folders on storage: their parts, the manifest, publication that is seen whole or not at all,
 * and the cache that brings models to each machine. Hadoop, but not Spark.
 */
package dev.tare.jobs.storage;
