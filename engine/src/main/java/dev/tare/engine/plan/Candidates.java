package dev.tare.engine.plan;

import dev.tare.engine.graph.ModelGraph;
import dev.tare.engine.graph.QuantizableNode;
import dev.tare.engine.recipe.Format;
import dev.tare.engine.recipe.Mode;
import dev.tare.engine.recipe.Placement;
import dev.tare.engine.recipe.Recipe;
import dev.tare.engine.recipe.Role;
import dev.tare.engine.recipe.TensorQuery;
import dev.tare.engine.recipe.TensorRule;
import dev.tare.engine.target.NamedPlacement;
import dev.tare.engine.target.PlacedTensors;
import dev.tare.engine.target.TargetProfile;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Function;

/**
 * What a recipe applies to in a model: its operators, their inputs and their weights.
 *
 * @param chosen the operators that the recipe quantizes, in graph order, embeddings last
 * @param leftFloat operators with a constant weight that stay float, with the reason
 * @param limited those of {@code leftFloat} that the recipe quantizes but the target cannot compute
 *     in integers, in graph order
 * @param placed what {@link Placement#ALL_SUPPORTED} quantizes besides these operators, or a named
 *     placement besides their weights
 * @param target what the model is quantized for
 */
public record Candidates(
    List<Candidate> chosen,
    Map<QuantizableNode, String> leftFloat,
    List<QuantizableNode> limited,
    PlacedTensors placed,
    TargetProfile target) {

  /**
   * An operator to quantize.
   *
   * @param node the operator
   * @param mode when its inputs and weights become integers
   * @param format how its weight is stored
   */
  public record Candidate(QuantizableNode node, Mode mode, Format format) {}

  private static final String IN_SUBGRAPH =
      "it is in a body of If, Loop or Scan, inside which nothing can be observed; mode weight-only"
          + " quantizes it";

  private static final String NO_TABLE =
      "only MatMulBnb4 reads weights of %s, and it takes the right operand of a MatMul with columns"
          + " of whole blocks";

  /** Creates candidates of operators with weights only. */
  public Candidates(
      List<Candidate> chosen, Map<QuantizableNode, String> leftFloat, TargetProfile target) {
    this(chosen, leftFloat, List.of(), PlacedTensors.NONE, target);
  }

  public Candidates {
    chosen = List.copyOf(chosen);
    leftFloat = Collections.unmodifiableMap(new LinkedHashMap<>(leftFloat));
    limited = List.copyOf(limited);
  }

  /** Sorts the operators of a model, with the target's first placement. */
  public static Candidates of(TargetProfile target, Recipe recipe, ModelGraph source) {
    return of(target, target.placements().get(0), recipe, source);
  }

  /**
   * Sorts the operators of a model by what the recipe asks for, the target supports and the
   * placement selects of it. Of operators whose inputs get a range ahead of time statistics tell
   * whether quantization would spoil them, so that all may be chosen; of others the graph alone.
   */
  public static Candidates of(
      TargetProfile target, NamedPlacement placement, Recipe recipe, ModelGraph source) {
    Candidates all = of(target, placement, recipe, source, Map.of());
    Map<String, String> spoiled = recipe.guard() ? AmplifiedNoise.undoubted(source, all) : Map.of();
    return spoiled.isEmpty() ? all : of(target, placement, recipe, source, spoiled);
  }

  /**
   * The same where it is known from statistics what quantization would spoil.
   *
   * @param spoiled operators that stay float unless their weights alone are quantized, by name,
   *     with the reason
   */
  public static Candidates of(
      TargetProfile target,
      NamedPlacement placement,
      Recipe recipe,
      ModelGraph source,
      Map<String, String> spoiled) {
    List<QuantizableNode> all = new ArrayList<>(source.nodes());
    source.embeddings().forEach(e -> all.add(e.asQuantizable()));
    Map<String, Candidate> byWeight = new LinkedHashMap<>();
    List<Candidate> chosen = new ArrayList<>();
    Map<QuantizableNode, String> leftFloat = new LinkedHashMap<>();
    List<QuantizableNode> limited = new ArrayList<>();
    for (QuantizableNode node : all) {
      Optional<String> reason = recipe.reasonToLeave(node);
      if (reason.isEmpty()) {
        Candidate candidate = candidate(target, placement, recipe, node);
        Candidate first = byWeight.putIfAbsent(node.weight(), candidate);
        reason = limit(target, recipe, candidate);
        if (reason.isPresent()) {
          limited.add(node);
        } else {
          reason =
              reasonAgainst(candidate, first)
                  .or(() -> placed(placement, candidate))
                  .or(() -> spoiled(spoiled, candidate));
        }
        if (reason.isEmpty()) {
          chosen.add(candidate);
        }
      }
      reason.ifPresent(r -> leftFloat.put(node, r));
    }
    for (QuantizableNode node : source.inSubgraphs()) {
      Candidate candidate = new Candidate(node, Mode.WEIGHT_ONLY, Format.QDQ);
      Optional<String> reason = recipe.reasonToLeave(node);
      if (reason.isEmpty() && recipe.mode(node) != Mode.WEIGHT_ONLY) {
        reason = Optional.of(IN_SUBGRAPH);
      }
      if (reason.isEmpty()) {
        Candidate first = byWeight.putIfAbsent(node.weight(), candidate);
        reason = limit(target, recipe, candidate).or(() -> reasonAgainst(candidate, first));
      }
      reason.ifPresentOrElse(r -> leftFloat.put(node, r), () -> chosen.add(candidate));
    }
    if (recipe.placement() == Placement.ALL_SUPPORTED) {
      return allSupported(target, recipe, source, chosen, leftFloat, limited);
    }
    PlacedTensors placed =
        placement.outputs() ? target.outputs(recipe, source, inputs(chosen)) : PlacedTensors.NONE;
    return new Candidates(chosen, leftFloat, limited, placed, target);
  }

  private static Optional<String> placed(NamedPlacement placement, Candidate candidate) {
    return candidate.mode() == Mode.STATIC
        ? placement.reasonToLeave(candidate.node())
        : Optional.empty();
  }

  private static Optional<String> spoiled(Map<String, String> reasons, Candidate candidate) {
    return candidate.mode() == Mode.WEIGHT_ONLY
        ? Optional.empty()
        : Optional.ofNullable(reasons.get(candidate.node().node()));
  }

  /** The operators whose inputs are quantized ahead of time. */
  private static List<QuantizableNode> inputs(List<Candidate> chosen) {
    return chosen.stream()
        .filter(candidate -> candidate.mode() == Mode.STATIC)
        .map(Candidate::node)
        .toList();
  }

  private static Candidates allSupported(
      TargetProfile target,
      Recipe recipe,
      ModelGraph source,
      List<Candidate> weighted,
      Map<QuantizableNode, String> leftFloat,
      List<QuantizableNode> limited) {
    List<QuantizableNode> nodes = weighted.stream().map(Candidate::node).toList();
    TargetProfile.Placed all = target.place(recipe, source, nodes, leftFloat.keySet());
    PlacedTensors placed = all.tensors();
    List<Candidate> chosen = new ArrayList<>();
    List<Candidate> every = new ArrayList<>(weighted);
    all.normalizations().forEach(node -> every.add(new Candidate(node, Mode.STATIC, Format.QDQ)));
    for (Candidate candidate : every) {
      String input = candidate.node().input();
      if (candidate.mode() != Mode.STATIC || placed.covers(input)) {
        chosen.add(candidate);
      } else {
        String reason =
            placed.left().containsKey(input)
                ? placed.left().get(input).reason()
                : "nothing tells that it is float32";
        leftFloat.put(candidate.node(), "its input '%s' stays float: %s".formatted(input, reason));
      }
    }
    return new Candidates(chosen, leftFloat, limited, placed, target);
  }

  private static Candidate candidate(
      TargetProfile target, NamedPlacement placement, Recipe recipe, QuantizableNode node) {
    // A Gather is not a product: only its table can be quantized.
    Mode mode = node.takesRows() ? Mode.WEIGHT_ONLY : placement.mode(node, recipe.mode(node));
    if (mode == Mode.DYNAMIC) {
      return new Candidate(node, mode, Format.DYNAMIC);
    }
    Format format = recipe.format();
    boolean packed =
        mode == Mode.WEIGHT_ONLY
            && format != Format.QDQ
            && target.packs(
                format,
                node,
                recipe.decide(query(target, List.of(new Candidate(node, mode, format)))).rule());
    return new Candidate(node, mode, packed ? format : Format.QDQ);
  }

  private static Optional<String> limit(TargetProfile target, Recipe recipe, Candidate candidate) {
    TensorRule rule = recipe.decide(query(target, List.of(candidate))).rule();
    QuantizableNode node = candidate.node();
    Optional<String> against =
        target
            .against(rule.type())
            .or(
                () ->
                    candidate.mode() == Mode.STATIC
                        ? target.against(inputRule(recipe, node).type())
                        : Optional.empty());
    if (against.isPresent()) {
      return against;
    }
    if (rule.type().learned() && candidate.format() != Format.GATHER) {
      return Optional.of(
          "rows of a table, and weights in a body of If, Loop or Scan, need integers");
    }
    if (rule.type().codebook().isPresent() && candidate.format() != Format.MATMUL_BNB4) {
      return Optional.of(NO_TABLE.formatted(rule.type()));
    }
    if (node.takesRows() && candidate.format() == Format.MATMUL_NBITS) {
      return Optional.empty();
    }
    return target.limit(node, candidate.mode(), rule, () -> inputRule(recipe, node));
  }

  private static Optional<String> reasonAgainst(Candidate candidate, Candidate first) {
    if (first != null
        && (first.format() != candidate.format()
            || (first.format() == Format.MATMUL_NBITS
                && first.node().takesRows() != candidate.node().takesRows()))) {
      return Optional.of(
          "node '%s' reads the weight '%s' in another mode"
              .formatted(first.node().node(), candidate.node().weight()));
    }
    return Optional.empty();
  }

  private static TensorRule inputRule(Recipe recipe, QuantizableNode node) {
    TensorQuery input = TensorQuery.ofActivation(node.input(), List.of(node.node()), node.kinds());
    return recipe.decide(input).rule();
  }

  /** Returns the activations that need a range from statistics, by name. */
  public SortedMap<String, TensorQuery> activations() {
    if (!placed.activations().isEmpty()) {
      return placed.activations();
    }
    SortedMap<String, TensorQuery> queries = new TreeMap<>();
    group(c -> c.mode() == Mode.STATIC ? c.node().input() : "")
        .forEach(
            (tensor, nodes) ->
                queries.put(
                    tensor, TensorQuery.ofActivation(tensor, names(nodes), operators(nodes))));
    return queries;
  }

  /** Returns the constants to quantize by their values, by name. */
  public SortedMap<String, TensorQuery> weights() {
    SortedMap<String, TensorQuery> queries = new TreeMap<>(placed.operands());
    group(c -> c.node().weight())
        .forEach((tensor, users) -> queries.put(tensor, query(target, users)));
    return queries;
  }

  /** Returns the operators without mode and format. */
  public List<QuantizableNode> nodes() {
    return chosen.stream().map(Candidate::node).toList();
  }

  private SortedMap<String, List<Candidate>> group(Function<Candidate, String> key) {
    SortedMap<String, List<Candidate>> groups = new TreeMap<>();
    for (Candidate candidate : chosen) {
      String name = key.apply(candidate);
      if (!name.isEmpty()) {
        groups.computeIfAbsent(name, k -> new ArrayList<>()).add(candidate);
      }
    }
    return groups;
  }

  /** Returns the query of a shared weight, which its first reader decides for all. */
  private static TensorQuery query(TargetProfile target, List<Candidate> users) {
    Candidate first = users.get(0);
    QuantizableNode node = first.node();
    return new TensorQuery(
        node.weight(),
        Role.WEIGHT,
        names(users),
        operators(users),
        first.format(),
        target.channelScales(node, first.mode()) ? node.weightAxis() : -1,
        node.blockAxis());
  }

  private static List<String> names(List<Candidate> users) {
    return users.stream().map(c -> c.node().node()).toList();
  }

  private static List<String> operators(List<Candidate> users) {
    TreeSet<String> types = new TreeSet<>();
    users.forEach(c -> types.addAll(c.node().kinds()));
    return List.copyOf(types);
  }
}
