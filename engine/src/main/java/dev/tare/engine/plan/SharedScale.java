package dev.tare.engine.plan;

import dev.tare.engine.graph.ModelGraph;
import dev.tare.engine.histogram.Distribution;
import dev.tare.engine.quant.ExpectedError;
import dev.tare.engine.quant.QuantParams;
import dev.tare.engine.range.MinMax;
import dev.tare.engine.range.Range;
import dev.tare.engine.range.Target;
import dev.tare.engine.recipe.Recipe;
import dev.tare.engine.recipe.TensorQuery;
import dev.tare.engine.recipe.TensorRule;
import dev.tare.engine.statistics.Statistics;
import dev.tare.engine.statistics.TensorStatistics;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Function;

/**
 * Tensors that stay in float since one of their parts is small beside the scale that all share, as
 * scores from 0 to 1 are beside coordinates in pixels in what a detector gives.
 *
 * <p>A part is lost when its expected SQNR is below {@value #LEAST_DB} dB by the shared scale, and
 * not by the scale of a range of its own: values that no scale keeps are lost either way. Parts are
 * what a Concat joins. Where products alone read the joined tensor, {@link JoinedInput} judges by
 * their weights instead.
 */
public final class SharedScale {

  static final double LEAST_DB = 20;
  private static final MinMax ALL = new MinMax();

  private SharedScale() {}

  /**
   * The tensors whose statistics decide, by name: those that would be quantized and have parts, the
   * parts, and what the former are moved into, which gets a scale of its own where these stay
   * float. Costs a walk through the graph.
   *
   * @param unguarded what the recipe would quantize if nothing were spoiled
   */
  public static Set<String> decisive(ModelGraph graph, Candidates unguarded) {
    Set<String> tensors = new TreeSet<>();
    shared(graph, unguarded)
        .forEach(
            (tensor, parts) -> {
              tensors.add(tensor);
              tensors.addAll(parts);
            });
    JoinedParts joined = new JoinedParts(graph.topology());
    unguarded.placed().shared().keySet().stream()
        .filter(moved -> !joined.of(moved).isEmpty())
        .forEach(tensors::add);
    return tensors;
  }

  /**
   * Returns the tensors with such a part, by name, with the reason. Nothing is known of a tensor or
   * part without statistics.
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
      Function<String, Optional<Statistics>> values,
      Function<String, List<Distribution>> channels) {
    Map<String, String> reasons = new TreeMap<>();
    shared(graph, unguarded)
        .forEach(
            (tensor, parts) ->
                against(unguarded.activations().get(tensor), parts, recipe, values, channels)
                    .ifPresent(reason -> reasons.put(tensor, "it " + reason)));
    return reasons;
  }

  /**
   * Returns why the parts of a tensor cannot share a scale, for "it" before it; empty if they can.
   *
   * @param query of the tensor
   * @throws IllegalArgumentException as {@link #found}
   */
  static Optional<String> against(
      TensorQuery query,
      List<String> parts,
      Recipe recipe,
      Function<String, Optional<Statistics>> values,
      Function<String, List<Distribution>> channels) {
    String tensor = query.tensor();
    TensorRule rule = recipe.decide(query).rule();
    if (rule.perChannel()) {
      return Optional.empty();
    }
    ActivationPlanner planner = new ActivationPlanner(recipe);
    return values
        .apply(tensor)
        .map(whole -> TensorStatistics.ofWhole(tensor, whole))
        .map(whole -> planner.plan(whole, query, () -> channels.apply(tensor)))
        .filter(TensorPlan::quantized)
        .flatMap(plan -> judged(rule, plan.channels().get(0), parts, values));
  }

  /** The tensors with a scale from statistics that others than products read, and their parts. */
  private static Map<String, List<String>> shared(ModelGraph graph, Candidates unguarded) {
    JoinedParts joined = new JoinedParts(graph.topology());
    Set<String> products = new TreeSet<>();
    unguarded.nodes().forEach(node -> products.add(node.node()));
    Map<String, List<String>> tensors = new TreeMap<>();
    unguarded
        .activations()
        .forEach(
            (tensor, query) -> {
              List<String> parts = joined.of(tensor);
              if (!parts.isEmpty()
                  && query.nature() == TensorQuery.Nature.ANY
                  && !products.containsAll(query.consumers())) {
                tensors.put(tensor, parts);
              }
            });
    return tensors;
  }

  /** What was observed, if a scale can be made of it. */
  private static Optional<Distribution> seen(
      Function<String, Optional<Statistics>> values, String tensor, TensorRule rule) {
    return values
        .apply(tensor)
        .map(Statistics::distribution)
        .filter(each -> !each.isEmpty())
        .filter(each -> !rule.target().rule().underflows(each.min(), each.max()));
  }

  private static Optional<String> judged(
      TensorRule rule,
      ChannelPlan planned,
      List<String> parts,
      Function<String, Optional<Statistics>> values) {
    Target target = rule.target();
    Range range = planned.range();
    QuantParams shared = planned.params();
    String worst = "";
    double least = LEAST_DB;
    double possible = 0;
    for (String part : parts) {
      Optional<Distribution> own = seen(values, part, rule);
      if (own.isEmpty()) {
        continue;
      }
      double kept = ExpectedError.of(own.get(), shared).sqnrDb();
      double alone =
          ExpectedError.of(own.get(), target.params(ALL.select(own.get(), target))).sqnrDb();
      if (kept < least && alone >= LEAST_DB) {
        worst = part;
        least = kept;
        possible = alone;
      }
    }
    if (worst.isEmpty()) {
      return Optional.empty();
    }
    Statistics small = values.apply(worst).orElseThrow();
    return Optional.of(
        String.format(
            Locale.ROOT,
            "joins parts of unlike scale: its range [%s, %s] leaves %.1f dB of '%s' in [%s, %s],"
                + " less than %.0f, and one of its own %.1f",
            range.low(),
            range.high(),
            least,
            worst,
            small.min(),
            small.max(),
            LEAST_DB,
            possible));
  }
}
