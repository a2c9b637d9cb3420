package dev.tare.engine.plan;

import dev.tare.engine.graph.ModelGraph;
import dev.tare.engine.graph.QuantizableNode;
import dev.tare.engine.histogram.Distribution;
import dev.tare.engine.recipe.Mode;
import dev.tare.engine.recipe.Recipe;
import dev.tare.engine.recipe.TensorQuery;
import dev.tare.engine.recipe.TensorRule;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;

/**
 * Products that stay in float since their results meet a logarithm or are divided by. Quantizing
 * what such a product reads adds the same noise to small results as to large ones; a logarithm and
 * a division make it as large as the result is small, so the filters of a spectrum that are nearly
 * silent are lost.
 *
 * <p>The graph tells where noise may meet such an operator ({@link NoiseWays}), statistics of what
 * that reads tell whether it matters: denominators far from 0 do no harm.
 */
public final class AmplifiedNoise {

  /** What must be left of the signal behind the operator, as expected from statistics. */
  static final double LEAST_DB = 20;

  private AmplifiedNoise() {}

  /**
   * The tensors whose statistics decide, by name: what such operators read, and the inputs of the
   * products. Costs a walk through the graph.
   */
  public static Set<String> decisive(ModelGraph graph) {
    Set<String> tensors = new TreeSet<>();
    for (NoiseMeeting meeting : NoiseWays.of(graph)) {
      tensors.add(meeting.tensor());
      tensors.add(meeting.product().input());
    }
    tensors.retainAll(graph.topology().floats());
    return tensors;
  }

  /** Returns the products whose noise meets such an operator, by name, spoiled or not. */
  public static Set<String> exposed(ModelGraph graph) {
    Set<String> products = new TreeSet<>();
    NoiseWays.of(graph).forEach(meeting -> products.add(meeting.product().node()));
    return products;
  }

  /** Returns the products that may be spoiled by the graph alone, by name, with the reason. */
  public static Map<String, String> suspected(ModelGraph graph) {
    Map<String, String> reasons = new HashMap<>();
    for (NoiseMeeting meeting : NoiseWays.of(graph)) {
      if (meeting.suspected()) {
        reasons.putIfAbsent(meeting.product().node(), meeting.reason());
      }
    }
    return reasons;
  }

  /**
   * Those of {@link #suspected} of which no statistics will tell more: products whose inputs get no
   * range ahead of time.
   *
   * @param unguarded what the recipe would quantize if nothing were spoiled
   */
  static Map<String, String> undoubted(ModelGraph graph, Candidates unguarded) {
    Map<String, String> reasons = new HashMap<>(suspected(graph));
    reasons.keySet().removeAll(judged(unguarded));
    return reasons;
  }

  /** The products that statistics decide about, by name. */
  private static Set<String> judged(Candidates unguarded) {
    Set<String> judged = new HashSet<>();
    for (Candidates.Candidate candidate : unguarded.chosen()) {
      if (candidate.mode() == Mode.STATIC) {
        judged.add(candidate.node().node());
      }
    }
    return judged;
  }

  /**
   * Returns the products that are spoiled, by name, with the reason. Where statistics are missing,
   * and of products whose inputs get no range ahead of time, the graph alone decides.
   *
   * @param unguarded what the recipe would quantize if nothing were spoiled
   * @param values what was observed of a tensor, of all its values together
   * @param channels the values of each channel of a tensor, none if they are not known; asked for
   *     only where they may decide about its range
   * @throws IllegalArgumentException if the statistics lack what the recipe's method needs; the
   *     message names the tensor
   */
  public static Map<String, String> found(
      ModelGraph graph,
      Recipe recipe,
      Candidates unguarded,
      Function<String, Optional<Distribution>> values,
      Function<String, List<Distribution>> channels) {
    Set<String> judged = judged(unguarded);
    Map<String, String> reasons = new HashMap<>();
    for (NoiseMeeting meeting : NoiseWays.of(graph)) {
      Optional<Distribution> input =
          judged.contains(meeting.product().node())
              ? seen(values, meeting.product().input())
              : Optional.empty();
      Optional<Distribution> read = seen(values, meeting.tensor());
      if (input.isPresent() && read.isPresent()) {
        judged(meeting, recipe, input.get(), read.get(), channels)
            .ifPresent(reason -> reasons.putIfAbsent(meeting.product().node(), reason));
      } else if (meeting.suspected()) {
        reasons.putIfAbsent(meeting.product().node(), meeting.reason());
      }
    }
    return reasons;
  }

  private static Optional<Distribution> seen(
      Function<String, Optional<Distribution>> values, String tensor) {
    return values
        .apply(tensor)
        .filter(each -> !each.isEmpty() && Math.max(-each.min(), each.max()) > 0);
  }

  private static Optional<String> judged(
      NoiseMeeting meeting,
      Recipe recipe,
      Distribution input,
      Distribution read,
      Function<String, List<Distribution>> channels) {
    QuantizableNode product = meeting.product();
    String tensor = product.input();
    TensorQuery query = TensorQuery.ofActivation(tensor, List.of(product.node()), product.kinds());
    TensorRule rule = recipe.decide(query).rule();
    if (rule.target().rule().underflows(input.min(), input.max())) {
      // Too small for a scale: the input stays float anyway.
      return Optional.empty();
    }
    double noise =
        new ActivationPlanner(recipe).noiseToSignal(input, query, () -> channels.apply(tensor));
    NoiseBehind behind = NoiseBehind.of(meeting, noise, read);
    if (Double.isNaN(behind.sqnrDb())) {
      // Neither signal nor noise, as of one value alone: the graph decides.
      return meeting.suspected() ? Optional.of(meeting.reason()) : Optional.empty();
    }
    return behind.sqnrDb() >= LEAST_DB
        ? Optional.empty()
        : Optional.of(
            String.format(
                Locale.ROOT,
                "%s: of what that reads, %.1f %% is below the noise of %.2g, and %.1f dB are left"
                    + " behind it, less than %.0f",
                meeting.reason(),
                100 * behind.below(),
                behind.floor(),
                behind.sqnrDb(),
                LEAST_DB));
  }
}
