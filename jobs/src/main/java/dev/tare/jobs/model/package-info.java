/**
 * Models and recipes for jobs: fetched once by {@code storage}, opened by path, and shared by the
 * tasks of a JVM. Begin at {@link dev.tare.jobs.model.ModelHandle}; {@code ModelFormats} chooses a
 * format by content, {@code ModelStore} keeps what this JVM read. The next room is {@code input}.
 */
package dev.tare.jobs.model;
