/**
 * Models that are damaged, cut or made to mislead: each is refused by name before a runtime sees
 * it, or read as it stands.
 *
 * <p>Start at {@link dev.tare.engine.hostile.DamagedModelTest}. Their data and tokenizers are in
 * {@code dev.tare.jobs.hostile}.
 */
package dev.tare.engine.hostile;
