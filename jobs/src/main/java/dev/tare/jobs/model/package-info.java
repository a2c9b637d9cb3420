/**
 * Models and recipes as the jobs hold them: fetched once by {@code storage}, opened by path, shared
 * by the tasks of a JVM. Begin at {@link dev.tare.jobs.model.ModelHandle}.
 */
package dev.tare.jobs.model;
