package dev.tare.jobs.select;

import dev.tare.engine.plan.ActivationPlanner;
import dev.tare.engine.plan.QuantPlan;
import dev.tare.engine.plan.TensorPlan;
import dev.tare.engine.recipe.Role;
import dev.tare.jobs.Printable;
import dev.tare.jobs.model.ModelHandle;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** Why tensors of a plan stay float, in a few lines for people. */
public final class FloatReasons {

  private static final int MOST = 6;
  private static final int LONGEST = 160;

  private FloatReasons() {}

  /** A line for each kind of reason, the most frequent first; names are left to the plan. */
  static List<String> of(QuantPlan plan) {
    Map<String, Integer> counts = new TreeMap<>();
    for (TensorPlan tensor : plan.tensors()) {
      tensor
          .floatReason()
          .ifPresent(reason -> counts.merge(word(tensor.role()) + kind(reason), 1, Integer::sum));
    }
    List<Map.Entry<String, Integer>> entries = new ArrayList<>(counts.entrySet());
    entries.sort(Map.Entry.<String, Integer>comparingByValue().reversed());
    List<String> lines = new ArrayList<>();
    for (Map.Entry<String, Integer> entry : entries.subList(0, Math.min(MOST, entries.size()))) {
      lines.add(
          String.format(Locale.ROOT, "      %-10s %d x %s", "", entry.getValue(), entry.getKey()));
    }
    if (entries.size() > MOST) {
      lines.add(
          String.format(
              Locale.ROOT,
              "      %-10s and %d other reasons: plan.json has each",
              "",
              entries.size() - MOST));
    }
    return lines;
  }

  /** The line about ranges that were not selected by the recipe's method. */
  static Optional<String> guarded(QuantPlan plan) {
    return decided(
        plan,
        ActivationPlanner.GUARD,
        "%d x range of min-max, since the recipe's would destroy a channel (%s): decided-by in plan.json has each; guard = off keeps the recipe's");
  }

  /** The line about inputs whose channels the recipe would have equalized. */
  static Optional<String> unequalized(QuantPlan plan) {
    return decided(
        plan,
        ActivationPlanner.UNEQUALIZED,
        "%d x not equalized, since the expected error would be larger (%s): decided-by in plan.json has each");
  }

  private static Optional<String> decided(QuantPlan plan, String mark, String line) {
    List<String> tensors =
        plan.tensors().stream()
            .filter(tensor -> tensor.decidedBy().contains(mark))
            .map(TensorPlan::tensor)
            .toList();
    return tensors.isEmpty()
        ? Optional.empty()
        : Optional.of(
            String.format(Locale.ROOT, "      %-10s ", "")
                + String.format(Locale.ROOT, line, tensors.size(), Printable.list(tensors)));
  }

  /** The warning that a plan deserves which leaves every weight in float. */
  static Optional<String> nothingQuantized(QuantPlan plan, ModelHandle model) {
    if (!plan.quantized(Role.WEIGHT).isEmpty()) {
      return Optional.empty();
    }
    List<String> reasons = new ArrayList<>();
    for (TensorPlan tensor : plan.tensors()) {
      tensor
          .floatReason()
          .ifPresent(reason -> reasons.add("'%s': %s".formatted(tensor.tensor(), reason)));
    }
    return Optional.of(
        "no weight of %s can be quantized, what comes out computes in float (%s)"
            .formatted(model.files().fileName(), Printable.list(reasons)));
  }

  private static String word(Role role) {
    return role.name().toLowerCase(Locale.ROOT) + " in float: ";
  }

  /** Names in quotes are what reasons of one kind differ in, and numbers. */
  private static String kind(String reason) {
    String kind =
        reason.replaceAll("'[^']*'", "'...'").replaceAll("(?<![A-Za-z0-9])-?\\d[\\d.E-]*", "...");
    return kind.length() > LONGEST ? kind.substring(0, LONGEST) + "..." : kind;
  }
}
