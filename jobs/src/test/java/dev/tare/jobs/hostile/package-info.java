/**
 * Inputs that are damaged, odd or malicious: each is refused with a sentence and an exit code, and
 * nothing is published, or it is taken as it stands.
 *
 * <p>Start at {@link dev.tare.jobs.hostile.RefusedDataTest}. Damaged models without a command line
 * are in {@code dev.tare.engine.hostile}; places that fail in {@code dev.tare.jobs.faults}.
 */
package dev.tare.jobs.hostile;
