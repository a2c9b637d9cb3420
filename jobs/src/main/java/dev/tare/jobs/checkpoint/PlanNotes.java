package dev.tare.jobs.checkpoint;

import dev.tare.engine.checkpoint.CheckpointPlan;
import dev.tare.engine.checkpoint.WeightScheme;
import dev.tare.engine.recipe.Words;
import dev.tare.jobs.console.Amounts;
import dev.tare.jobs.stage.Work;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What people should know of a plan before it is carried out.
 *
 * @param mostBytes after which a file of the result ends
 */
record PlanNotes(CheckpointPlan plan, long mostBytes) {

  private static final int LISTED = 3;

  void tell(Work work) {
    SortedMap<String, Integer> kinds = new TreeMap<>();
    plan.schemes().values().forEach(scheme -> kinds.merge(words(scheme), 1, Integer::sum));
    if (kinds.size() > 1) {
      List<String> counts =
          kinds.entrySet().stream().map(kind -> kind.getValue() + " " + kind.getKey()).toList();
      work.progress().line("Weights by the rules of the recipe: " + String.join("; ", counts));
    }
    List<String> larger =
        plan.larger(mostBytes).entrySet().stream()
            .map(tensor -> tensor.getKey() + ", " + Amounts.size(tensor.getValue()))
            .toList();
    if (!larger.isEmpty()) {
      work.progress()
          .line(
              "%s more than %s, since a tensor is in one file: %s"
                  .formatted(
                      Amounts.counted(larger.size(), "file")
                          + (larger.size() == 1 ? " has" : " have"),
                      Amounts.size(mostBytes),
                      listed(larger)));
    }
    List<String> odd =
        plan.left().entrySet().stream()
            .filter(module -> !module.getValue().equals(CheckpointPlan.EXCLUDED))
            .map(module -> module.getKey() + " (" + module.getValue() + ")")
            .toList();
    if (!odd.isEmpty()) {
      work.inputs()
          .warn(
              "%s in float, though the recipe names no exception: %s"
                  .formatted(Amounts.counted(odd.size(), "matrix stays"), listed(odd)));
    }
    if (!plan.idle().isEmpty()) {
      work.inputs()
          .warn(
              "%s of the recipe: no weight has such a name, or a later rule decides: %s"
                  .formatted(
                      Amounts.counted(plan.idle().size(), "idle rule"), listed(plan.idle())));
    }
    if (!plan.torn().isEmpty()) {
      work.inputs()
          .warn(
              "%s of parts that are quantized in different ways: %s. vLLM refuses that, or reads all parts as the first; name them in one rule. transformers loads it"
                  .formatted(
                      Amounts.counted(plan.torn().size(), "joined layer"), listed(plan.torn())));
    }
  }

  private static String words(WeightScheme scheme) {
    return Words.of(scheme.type())
        + (scheme.symmetric() ? "" : " asymmetric")
        + (scheme.groupSize().isPresent()
            ? " in groups of " + scheme.groupSize().getAsInt()
            : " by rows")
        + (scheme.inputs() == WeightScheme.Inputs.FLOAT
            ? ""
            : ", inputs " + Words.of(scheme.inputs()));
  }

  private static String listed(List<String> all) {
    return String.join(", ", all.subList(0, Math.min(LISTED, all.size())))
        + (all.size() > LISTED ? ", ..." : "");
  }
}
