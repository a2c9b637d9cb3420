package dev.tare.engine.onnx.view;

import dev.tare.engine.graph.GraphNode;
import dev.tare.engine.graph.QuantizableNode;
import dev.tare.engine.graph.Topology;
import dev.tare.engine.onnx.OnnxModel;
import dev.tare.engine.onnx.graph.Nodes;
import dev.tare.engine.onnx.graph.Ranks;
import dev.tare.engine.onnx.graph.TensorTypes;
import dev.tare.engine.onnx.proto.GraphProto;
import dev.tare.engine.onnx.proto.NodeProto;
import dev.tare.engine.recipe.NamePattern;
import dev.tare.engine.recipe.Nearest;
import dev.tare.engine.recipe.Placement;
import dev.tare.engine.target.Targets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableSet;
import java.util.Optional;
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
 *       constant weight
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
 * <p>Constants, and what is computed from constants alone, are never observed, nor is anything
 * inside a subgraph. The channel axis is the one that the first such operator in graph order sums
 * over; for a tensor that none reads, the output channels of the one that computes it.
 */
public final class Observation {

  public static final String CONSTANT_WEIGHT_INPUTS = "constant-weight-inputs";
  public static final String MATMUL = "matmul";
  public static final String ALL_SUPPORTED = "all-supported";
  public static final String ALL = "all";

  private static final int SUGGESTIONS = 3;

  private Observation() {}

  /**
   * Resolves a choice to tensors, sorted by name.
   *
   * @throws IllegalArgumentException if nothing is chosen, or the expression is not valid; the
   *     message for a pattern suggests the nearest names
   */
  public static List<ObservedTensor> resolve(String what, OnnxModel model) {
    NavigableSet<String> names =
        switch (what) {
          case CONSTANT_WEIGHT_INPUTS -> constantWeightInputs(model);
          case MATMUL -> products(model);
          case ALL_SUPPORTED -> placeable(model);
          case ALL -> all(model);
          default -> matching(what, model);
        };
    if (names.isEmpty()) {
      throw new IllegalArgumentException(
          "Cannot observe '%s' of model '%s': %s"
              .formatted(
                  what,
                  model.name(),
                  what.equals(CONSTANT_WEIGHT_INPUTS)
                      ? "it has nothing to quantize: no MatMul, Gemm or Conv with a constant weight"
                      : "there is no such tensor"));
    }
    Map<String, Integer> axes = channelAxes(model);
    return names.stream()
        .map(
            name ->
                new ObservedTensor(
                    name,
                    axes.containsKey(name) ? OptionalInt.of(axes.get(name)) : OptionalInt.empty()))
        .toList();
  }

  private static NavigableSet<String> constantWeightInputs(OnnxModel model) {
    NavigableSet<String> names = new TreeSet<>();
    OnnxGraph.of(model).nodes().stream().map(QuantizableNode::input).forEach(names::add);
    return names;
  }

  private static NavigableSet<String> products(OnnxModel model) {
    NavigableSet<String> candidates = all(model);
    NavigableSet<String> names = new TreeSet<>();
    for (NodeProto node : model.graph().getNodeList()) {
      if (isProduct(node)) {
        names.add(Nodes.input(node, 0));
        names.add(Nodes.input(node, 1));
      }
    }
    names.retainAll(candidates);
    return names;
  }

  private static NavigableSet<String> placeable(OnnxModel model) {
    Topology graph = OnnxGraph.of(model).topology();
    Set<String> known = Targets.operators(Placement.ALL_SUPPORTED);
    NavigableSet<String> names = new TreeSet<>();
    for (GraphNode node : graph.nodes()) {
      if (known.contains(node.opType())) {
        names.addAll(node.inputs());
        names.addAll(node.outputs());
      }
    }
    names.retainAll(graph.floats());
    return names;
  }

  private static NavigableSet<String> all(OnnxModel model) {
    GraphProto graph = model.graph();
    TensorTypes types = TensorTypes.of(graph);
    NavigableSet<String> names = GraphTopology.computed(graph, model.constants());
    names.removeIf(name -> name.isEmpty() || !types.mayBeFloat(name));
    return names;
  }

  private static NavigableSet<String> matching(String what, OnnxModel model) {
    Predicate<String> pattern = pattern(what);
    NavigableSet<String> candidates = all(model);
    NavigableSet<String> names = new TreeSet<>();
    candidates.stream().filter(pattern).forEach(names::add);
    if (names.isEmpty()) {
      throw new IllegalArgumentException(
          "Cannot observe '%s' of model '%s': no tensor matches; nearest are %s"
              .formatted(what, model.name(), Nearest.to(what, candidates, SUGGESTIONS)));
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

  private static boolean isProduct(NodeProto node) {
    return Nodes.isStandard(node) && Product.OPERATORS.contains(node.getOpType());
  }

  private static Map<String, Integer> channelAxes(OnnxModel model) {
    Map<String, Integer> read = new HashMap<>();
    Map<String, Integer> made = new HashMap<>();
    Ranks ranks = Ranks.of(model.graph(), model.constants());
    for (NodeProto node : model.graph().getNodeList()) {
      if (!isProduct(node) || node.getOutputCount() == 0) {
        continue;
      }
      switch (node.getOpType()) {
        case "Conv", "ConvTranspose" -> {
          read.putIfAbsent(Nodes.input(node, 0), 1);
          made.put(node.getOutput(0), 1);
        }
        case "Gemm" -> {
          boolean transA = Nodes.intAttribute(node, "transA", 0) != 0;
          boolean transB = Nodes.intAttribute(node, "transB", 0) != 0;
          read.putIfAbsent(Nodes.input(node, 0), transA ? 0 : -1);
          read.putIfAbsent(Nodes.input(node, 1), transB ? -1 : 0);
          made.put(node.getOutput(0), -1);
        }
        default -> {
          read.putIfAbsent(Nodes.input(node, 0), -1);
          // A product with a vector only has the axes of the rows, including the batch.
          if (!ranks.find(Nodes.input(node, 1)).equals(Optional.of(1))) {
            read.putIfAbsent(Nodes.input(node, 1), -2);
            made.put(node.getOutput(0), -1);
          }
        }
      }
    }
    made.forEach(read::putIfAbsent);
    return read;
  }
}
