/**
 * What Tare runs on: signals, memory, disks, native code and clusters, and how their faults read.
 * Begin at {@link dev.tare.jobs.platform.Faults}, which {@code run} asks what a failure was, and
 * {@link dev.tare.jobs.platform.Stop}, which ends work on a signal.
 */
package dev.tare.jobs.platform;
