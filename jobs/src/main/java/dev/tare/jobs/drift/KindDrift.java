package dev.tare.jobs.drift;

import dev.tare.engine.statistics.StateKind;
import java.util.List;
import java.util.OptionalInt;

/**
 * How far a kind of state beside histograms moved, of one tensor or matrix; for information, no
 * limit applies.
 *
 * @param kind moments or Gram matrices
 * @param tensor name of the tensor or matrix
 * @param channel of moments the channel whose mean moved most; empty for the whole tensor and for
 *     matrices
 * @param moved of moments the change of the mean, in standard deviations of the baseline; of
 *     matrices {@link dev.tare.engine.statistics.GramMatrix#change}
 */
public record KindDrift(StateKind kind, String tensor, OptionalInt channel, double moved) {

  /** Those of one kind, the farthest first. */
  static List<KindDrift> of(StateKind kind, List<KindDrift> all) {
    return all.stream().filter(each -> each.kind() == kind).toList();
  }
}
