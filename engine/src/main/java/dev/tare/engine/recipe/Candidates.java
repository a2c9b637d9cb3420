package dev.tare.engine.recipe;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What a recipe speaks of in a model: its nodes, their inputs and their weights.
 *
 * @param nodes the nodes that the recipe wants quantized, in graph order
 * @param leftFloat nodes with a constant weight that it leaves alone, with the reason
 */
public record Candidates(List<QuantizableNode> nodes, Map<String, String> leftFloat) {

  public Candidates {
    nodes = List.copyOf(nodes);
    leftFloat = Collections.unmodifiableMap(new LinkedHashMap<>(leftFloat));
  }

  /** Sorts the nodes of a model by what the recipe says of them. */
  public static Candidates of(Recipe recipe, List<QuantizableNode> all) {
    List<QuantizableNode> nodes = new ArrayList<>();
    Map<String, String> leftFloat = new LinkedHashMap<>();
    for (QuantizableNode node : all) {
      Optional<String> reason = reasonToLeave(recipe, node);
      reason.ifPresentOrElse(r -> leftFloat.put(node.node(), r), () -> nodes.add(node));
    }
    return new Candidates(nodes, leftFloat);
  }

  private static Optional<String> reasonToLeave(Recipe recipe, QuantizableNode node) {
    if (!recipe.operators().contains(node.opType())) {
      return Optional.of("the recipe does not quantize " + node.opType());
    }
    for (NamePattern pattern : recipe.exclude()) {
      for (String name : List.of(node.node(), node.input(), node.weight())) {
        if (pattern.matches(name)) {
          return Optional.of("the recipe excludes '" + pattern.glob() + "'");
        }
      }
    }
    return Optional.empty();
  }

  /** Nodes by the activation that they read. */
  public SortedMap<String, List<QuantizableNode>> byActivation() {
    SortedMap<String, List<QuantizableNode>> map = new TreeMap<>();
    nodes.forEach(n -> map.computeIfAbsent(n.input(), k -> new ArrayList<>()).add(n));
    return map;
  }

  /** Nodes by the constant weight that they read. */
  public SortedMap<String, List<QuantizableNode>> byWeight() {
    SortedMap<String, List<QuantizableNode>> map = new TreeMap<>();
    nodes.forEach(n -> map.computeIfAbsent(n.weight(), k -> new ArrayList<>()).add(n));
    return map;
  }
}
