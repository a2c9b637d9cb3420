/**
 * What happens where the place fails, not the input: full disks, stores without answers, killed
 * processes, outputs that cannot be written, files that somebody replaces during a run.
 *
 * <p>Start at {@link dev.tare.jobs.faults.StoppedRunTest}. The file systems and the proxy that fail
 * on demand are here too, and tests of other rooms use them. Damaged and malicious inputs are in
 * {@code dev.tare.jobs.hostile}; clusters that lose executors in {@code dev.tare.jobs.cluster}.
 */
package dev.tare.jobs.faults;
