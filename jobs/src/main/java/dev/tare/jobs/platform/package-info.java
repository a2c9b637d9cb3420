/**
 * What Tare runs on: signals, memory, disks, native code and clusters, and how their faults read.
 */
package dev.tare.jobs.platform;
