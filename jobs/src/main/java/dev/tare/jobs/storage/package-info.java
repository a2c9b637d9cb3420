/**
 * Run folders on storage, atomic publication, and the cache that copies models to each machine.
 * Begin at {@link dev.tare.jobs.storage.RunFolder}; the content of the files is defined in {@code
 * artifact}. Hadoop, but no Spark. The next room is {@code model}.
 */
package dev.tare.jobs.storage;
