/**
 * Models and recipes as the jobs hold them: fetched once by {@code storage}, opened by path, shared
 * by the tasks of a JVM. Begin at {@link dev.tare.jobs.model.ModelHandle}; {@code ModelFormats}
 * chooses a format by content, {@code ModelStore} keeps what this JVM read.
 */
package dev.tare.jobs.model;
