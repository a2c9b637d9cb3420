/**
 * The platform: signals, memory, disks, native code and clusters, and messages for their failures.
 * Begin at {@link dev.tare.jobs.platform.Faults}, which explains a failure to {@code run}, the next
 * room, and {@link dev.tare.jobs.platform.Stop}, which ends work on a signal.
 */
package dev.tare.jobs.platform;
