package dev.tare.jobs.select;

import dev.tare.engine.graph.ModelGraph;
import dev.tare.engine.graph.SkippedNode;
import dev.tare.engine.plan.Candidates;
import dev.tare.engine.plan.LeftFloat;
import dev.tare.engine.plan.OtherConstants;
import dev.tare.engine.plan.TensorPlan;
import dev.tare.engine.recipe.Recipe;
import dev.tare.engine.target.Targets;
import dev.tare.jobs.Printable;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The refusal of a model of which a recipe quantizes nothing. */
final class NothingToQuantize {

  private static final int MOST_NAMES = 3;

  private NothingToQuantize() {}

  /**
   * The message, with the reasons.
   *
   * @param model file name of the model
   */
  static String message(String model, ModelGraph graph, Recipe recipe, Candidates candidates) {
    List<String> why = byReason(reasons(graph, recipe, candidates));
    String own = Targets.of(candidates.target().name()).data().recipe();
    return "Model '%s' has nothing to quantize by recipe '%s' for target %s: no %s with a constant weight%s%s"
        .formatted(
            model,
            recipe.name(),
            candidates.target().name(),
            String.join(" or ", recipe.operators()),
            why.isEmpty() ? "" : " (" + Printable.list(why) + ")",
            candidates.leftFloat().isEmpty() || own.equals(recipe.name())
                ? ""
                : "; without --recipe this target takes " + own);
  }

  /** Reasons by operator or constant. */
  private static Map<String, String> reasons(
      ModelGraph graph, Recipe recipe, Candidates candidates) {
    Map<String, String> reasons = new LinkedHashMap<>();
    candidates.leftFloat().forEach((node, reason) -> reasons.put(node.node(), reason));
    for (SkippedNode node : graph.skipped()) {
      reasons.put(node.node(), node.reason());
    }
    List<TensorPlan> told = LeftFloat.of(recipe, candidates, List.of());
    OtherConstants.of(candidates.target(), recipe, graph, told)
        .forEach(constant -> reasons.put(constant.tensor(), constant.floatReason().orElseThrow()));
    return reasons;
  }

  private static String named(List<String> places) {
    return places.size() <= MOST_NAMES
        ? String.join(", ", places)
        : places.get(0) + " and " + (places.size() - 1) + " more";
  }

  /** Fifty convolutions with one reason are one line. */
  private static List<String> byReason(Map<String, String> reasons) {
    Map<String, List<String>> places = new LinkedHashMap<>();
    reasons.forEach(
        (place, reason) -> places.computeIfAbsent(reason, r -> new ArrayList<>()).add(place));
    List<String> lines = new ArrayList<>();
    places.forEach((reason, all) -> lines.add(named(all) + ": " + reason));
    return lines;
  }
}
