package dev.tare.engine.plan;

import dev.tare.engine.graph.ModelGraph;
import dev.tare.engine.graph.QuantizableNode;
import dev.tare.engine.quant.Granularity;
import dev.tare.engine.recipe.Format;
import dev.tare.engine.recipe.Mode;
import dev.tare.engine.recipe.Recipe;
import dev.tare.engine.recipe.Role;
import dev.tare.engine.target.DecidedWeight;
import dev.tare.engine.target.PlacedTensors;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * Makes single decisions consistent: a static operator is quantized with its input and its weight,
 * or not at all, and its bias accordingly.
 */
public final class PlanAssembler {

  private final Candidates candidates;
  private final Map<String, TensorPlan> activations = new LinkedHashMap<>();
  private final Map<String, TensorPlan> weights = new LinkedHashMap<>();
  private final Biases biases;
  private final Map<String, List<QuantizableNode>> runtime = new TreeMap<>();
  private final Readers activationReaders = new Readers();
  private final Readers weightReaders = new Readers();
  private final List<QuantizableNode> biased = new ArrayList<>();

  /**
   * @param activations decisions for every input of the static candidates
   * @param weights decisions for every weight of the candidates
   */
  public PlanAssembler(
      Candidates candidates,
      ModelGraph source,
      List<TensorPlan> activations,
      List<TensorPlan> weights) {
    this.candidates = candidates;
    this.biases = new Biases(source, candidates.target());
    activations.forEach(p -> this.activations.put(p.tensor(), p));
    weights.forEach(p -> this.weights.put(p.tensor(), p));
  }

  /**
   * Returns the decisions, sorted by tensor, role and format. A weight that only some operators
   * read quantized has further entries for the others, one per reason, after the first.
   */
  public List<TensorPlan> assemble() {
    candidates.placed().shared().keySet().forEach(this::share);
    candidates.chosen().forEach(this::settle);
    // All scales first: a weight may serve several nodes, and each bias depends on its scale.
    biased.forEach(
        node ->
            weights.compute(
                node.weight(),
                (name, weight) -> biases.fitted(node, activations.get(node.input()), weight)));
    biased.forEach(
        node -> biases.plan(node, activations.get(node.input()), weights.get(node.weight())));
    List<TensorPlan> all = new ArrayList<>(biases.all());
    PlacedTensors placed = candidates.placed();
    activations.forEach(
        (name, plan) ->
            all.add(
                placed.covers(name)
                    ? activationReaders.without(plan)
                    : activationReaders.apply(plan)));
    weights.forEach(
        (name, plan) -> {
          all.add(placed.operands().containsKey(name) ? plan : weightReaders.apply(plan));
          all.addAll(weightReaders.refused(plan));
        });
    runtime.forEach((name, nodes) -> all.add(atRunTime(name, nodes)));
    all.sort(
        Comparator.comparing(TensorPlan::tensor)
            .thenComparing(TensorPlan::role)
            .thenComparing(TensorPlan::format)
            .thenComparing(plan -> !plan.quantized()));
    return all;
  }

  /** Returns the plan of an activation, derived from that of its source if it shares a scale. */
  private TensorPlan share(String tensor) {
    PlacedTensors.Shared shared = candidates.placed().shared().get(tensor);
    if (shared != null && !activations.containsKey(tensor)) {
      activations.put(tensor, TensorPlan.shared(shared.query(), share(shared.source())));
    }
    return activations.get(tensor);
  }

  private void settle(Candidates.Candidate candidate) {
    QuantizableNode node = candidate.node();
    TensorPlan weight = weights.get(node.weight());
    Optional<String> against =
        weight
            .floatReason()
            .map(r -> "the weight '%s' stays float: %s".formatted(node.weight(), r))
            .or(() -> against(candidate, weight));
    if (candidate.mode() == Mode.STATIC) {
      TensorPlan activation = activations.get(node.input());
      if (!activation.quantized()) {
        weightReaders.refuse(
            node.weight(),
            node,
            "its input '%s' stays float: %s"
                .formatted(node.input(), activation.floatReason().orElseThrow()));
        return;
      }
      if (against.isEmpty()) {
        against = biases.reasonAgainst(node, activation, weight);
      }
      against.ifPresentOrElse(
          reason -> activationReaders.refuse(node.input(), node, reason),
          () -> {
            activationReaders.add(node.input(), node);
            biased.add(node);
          });
    } else if (candidate.mode() == Mode.DYNAMIC && against.isEmpty()) {
      runtime.computeIfAbsent(node.input(), k -> new ArrayList<>()).add(node);
    }
    against.ifPresentOrElse(
        reason -> weightReaders.refuse(node.weight(), node, reason),
        () -> weightReaders.add(node.weight(), node));
  }

  private Optional<String> against(Candidates.Candidate candidate, TensorPlan weight) {
    // Rows in blocks: whoever reads them was found to look up just these.
    boolean packed = candidate.format() == Format.MATMUL_NBITS && candidate.node().takesRows();
    return packed
        ? Optional.empty()
        : candidates.target().against(candidate.node(), candidate.mode(), decided(weight));
  }

  private static DecidedWeight decided(TensorPlan weight) {
    return new DecidedWeight(
        weight.tensor(), weight.type(), weight.granularity(), weight.channels().haveZeroPoint(0));
  }

  private TensorPlan atRunTime(String tensor, List<QuantizableNode> nodes) {
    return new TensorPlan(
        tensor,
        Role.ACTIVATION,
        Format.DYNAMIC,
        nodes.stream().map(QuantizableNode::node).toList(),
        Optional.empty(),
        Optional.empty(),
        candidates.target().dynamicInput(),
        "dynamic",
        Recipe.BASE,
        Granularity.perTensor(),
        ScaleColumns.none());
  }
}
