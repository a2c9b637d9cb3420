package dev.tare.engine.model;

import dev.tare.engine.graph.Activations;
import dev.tare.engine.graph.GraphNode;
import dev.tare.engine.graph.ModelGraph;
import dev.tare.engine.graph.QuantizableNode;
import dev.tare.engine.graph.Topology;
import dev.tare.engine.plan.AmplifiedNoise;
import dev.tare.engine.recipe.NamePattern;
import dev.tare.engine.recipe.Nearest;
import dev.tare.engine.recipe.Placement;
import dev.tare.engine.target.Targets;
import java.util.List;
import java.util.NavigableSet;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/**
 * Chooses the tensors that a calibration observes:
 *
 * <ul>
 *   <li>{@code constant-weight-inputs}: inputs of MatMul, Gemm, Conv and ConvTranspose with a
 *       constant weight, and what a logarithm, a division or a root reads that results of these
 *       meet, which tells whether it would amplify their noise
 *   <li>{@code matmul}: every computed operand of every such operator
 *   <li>{@code all-supported}: inputs and outputs of operators that {@link Placement#ALL_SUPPORTED}
 *       supports, even if a recipe leaves some out
 *   <li>{@code all}: every input and computed tensor that may contain real numbers; if the model
 *       does not state the type, the runtime decides
 *   <li>{@code regex:R}: those of {@code all} whose whole name matches a Java regular expression
 *   <li>anything else: those of {@code all} whose whole name matches, where {@code *} matches any
 *       text and {@code ?} one character
 * </ul>
 *
 * <p>Constants, tensors computed only from constants, and tensors inside a subgraph are never
 * observed. The channel axis is that of {@link Activations#channelAxes}.
 */
public final class Observation {

  public static final String CONSTANT_WEIGHT_INPUTS = "constant-weight-inputs";
  public static final String MATMUL = "matmul";
  public static final String ALL_SUPPORTED = "all-supported";
  public static final String ALL = "all";

  private static final int SUGGESTIONS = 3;

  private final String what;
  private final String model;
  private final ModelGraph graph;
  private final Activations activations;

  private Observation(String what, FloatModel model) {
    this.what = what;
    this.model = model.name();
    this.graph = model.graph();
    this.activations = graph.activations();
  }

  /**
   * Resolves a choice to tensors, sorted by name.
   *
   * @throws IllegalArgumentException if nothing is chosen, or the expression is not valid; the
   *     message for a pattern suggests the nearest names
   */
  public static List<ObservableTensor> resolve(String what, FloatModel model) {
    return new Observation(what, model).resolve();
  }

  private List<ObservableTensor> resolve() {
    NavigableSet<String> names =
        switch (what) {
          case CONSTANT_WEIGHT_INPUTS -> constantWeightInputs();
          case MATMUL -> new TreeSet<>(activations.operands());
          case ALL_SUPPORTED -> placeable();
          case ALL -> new TreeSet<>(activations.all());
          default -> matching();
        };
    if (names.isEmpty()) {
      throw new IllegalArgumentException(
          "Cannot observe '%s' of model '%s': %s"
              .formatted(
                  what,
                  model,
                  what.equals(CONSTANT_WEIGHT_INPUTS)
                      ? "it has nothing to quantize: no MatMul, Gemm or Conv with a constant weight"
                      : "there is no such tensor"));
    }
    return names.stream().map(name -> new ObservableTensor(name, channelAxis(name))).toList();
  }

  private OptionalInt channelAxis(String name) {
    Integer axis = activations.channelAxes().get(name);
    return axis == null ? OptionalInt.empty() : OptionalInt.of(axis);
  }

  private NavigableSet<String> constantWeightInputs() {
    NavigableSet<String> names = new TreeSet<>();
    graph.nodes().stream().map(QuantizableNode::input).forEach(names::add);
    names.addAll(AmplifiedNoise.decisive(graph));
    return names;
  }

  private NavigableSet<String> placeable() {
    Topology topology = graph.topology();
    Set<String> known = Targets.operators(Placement.ALL_SUPPORTED);
    NavigableSet<String> names = new TreeSet<>();
    for (GraphNode node : topology.nodes()) {
      if (known.contains(node.opType())) {
        names.addAll(node.inputs());
        names.addAll(node.outputs());
      }
    }
    names.retainAll(topology.floats());
    return names;
  }

  private NavigableSet<String> matching() {
    Predicate<String> pattern = pattern(what);
    NavigableSet<String> candidates = new TreeSet<>(activations.all());
    NavigableSet<String> names = new TreeSet<>();
    candidates.stream().filter(pattern).forEach(names::add);
    if (names.isEmpty()) {
      throw new IllegalArgumentException(
          "Cannot observe '%s' of model '%s': no tensor matches; nearest are %s"
              .formatted(what, model, Nearest.to(what, candidates, SUGGESTIONS)));
    }
    return names;
  }

  private static Predicate<String> pattern(String what) {
    if (what.startsWith("regex:")) {
      try {
        return Pattern.compile(what.substring("regex:".length())).asMatchPredicate();
      } catch (PatternSyntaxException e) {
        throw new IllegalArgumentException(
            "Cannot observe '%s': %s".formatted(what, e.getDescription()), e);
      }
    }
    return new NamePattern(what)::matches;
  }
}
