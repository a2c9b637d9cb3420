package dev.tare.engine.checkpoint;

import dev.tare.engine.safetensors.TensorSpec;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What a recipe decides for the layers of a checkpoint, one after the other. Not thread-safe. */
final class LayerDecisions {

  /** vLLM joins all experts of a layer, whatever their matrices are called. */
  private static final Pattern EXPERT = Pattern.compile("(.*\\.experts)\\.[0-9]+\\.[^.]+");

  private final CheckpointRecipe recipe;
  private final SortedMap<String, WeightScheme> schemes = new TreeMap<>();
  private final SortedMap<String, String> left = new TreeMap<>();

  /** What loaders see of parts, by what joins them. */
  private final SortedMap<String, SortedMap<String, Optional<WeightScheme>>> joined =
      new TreeMap<>();

  /** The same by what makes them share the scale of a tensor, if they have one. */
  private final SortedMap<String, SortedMap<String, Optional<WeightScheme>>> sharing =
      new TreeMap<>();

  private final Set<String> deciding = new HashSet<>();

  LayerDecisions(CheckpointRecipe recipe) {
    this.recipe = recipe;
  }

  /** How a tensor is quantized; empty if it is copied. */
  Optional<WeightScheme> decide(TensorSpec tensor) {
    if (!CheckpointRecipe.isLinear(tensor)) {
      return Optional.empty();
    }
    String module = CheckpointRecipe.module(tensor);
    Optional<CheckpointRule> rule = recipe.rule(module);
    rule.ifPresent(each -> deciding.add(each.name()));
    Optional<WeightScheme> scheme =
        rule.map(CheckpointRule::scheme).orElseGet(() -> Optional.of(recipe.scheme()));
    String reason =
        scheme.map(each -> each.against(tensor.shape().dim(1))).orElse(CheckpointPlan.EXCLUDED);
    if (!reason.isEmpty()) {
      left.put(module, reason);
      scheme = Optional.empty();
    }
    scheme.ifPresent(each -> schemes.put(module, each));
    join(module, scheme.map(WeightScheme::asStored));
    return scheme;
  }

  private void join(String module, Optional<WeightScheme> scheme) {
    Matcher expert = EXPERT.matcher(module);
    Optional<String> fused = recipe.joined(module);
    Optional<String> whole = expert.matches() ? Optional.of(expert.group(1)) : fused;
    whole.ifPresent(key -> put(joined, key, module, scheme));
    fused.ifPresent(key -> put(sharing, key, module, scheme));
  }

  private static void put(
      SortedMap<String, SortedMap<String, Optional<WeightScheme>>> layers,
      String key,
      String module,
      Optional<WeightScheme> scheme) {
    layers.computeIfAbsent(key, each -> new TreeMap<>()).put(module, scheme);
  }

  SortedMap<String, WeightScheme> schemes() {
    return schemes;
  }

  SortedMap<String, String> left() {
    return left;
  }

  /**
   * Joined layers of parts that differ in what a loader sees, each as the paths of its first and of
   * its first other part.
   *
   * @throws IllegalArgumentException if some of the parts share the scale of a tensor, and others
   *     are quantized in another way
   */
  List<String> torn() {
    sharing.values().forEach(LayerDecisions::requireOneScale);
    List<String> torn = new ArrayList<>();
    for (SortedMap<String, Optional<WeightScheme>> parts : joined.values()) {
      String first = parts.firstKey();
      Optional<WeightScheme> expected = parts.get(first);
      first(parts, part -> !part.equals(expected))
          .ifPresent(other -> torn.add("%s and %s".formatted(first, other)));
    }
    return torn;
  }

  private static void requireOneScale(SortedMap<String, Optional<WeightScheme>> parts) {
    Optional<String> one =
        first(parts, part -> part.filter(WeightScheme::hasTensorScale).isPresent());
    Optional<String> other =
        first(parts, part -> part.filter(scheme -> !scheme.hasTensorScale()).isPresent());
    if (one.isPresent() && other.isPresent()) {
      throw new IllegalArgumentException(
          "'%s' and '%s' are fused, so that they share the scale of a tensor, but they have different types: name both in one rule, or take them out of fused"
              .formatted(one.get(), other.get()));
    }
  }

  private static Optional<String> first(
      SortedMap<String, Optional<WeightScheme>> parts, Predicate<Optional<WeightScheme>> which) {
    return parts.entrySet().stream()
        .filter(part -> which.test(part.getValue()))
        .map(Map.Entry::getKey)
        .findFirst();
  }

  /** Rules that decide nothing, each with its pattern; exclusions are for any checkpoint. */
  List<String> idle() {
    return recipe.rules().stream()
        .filter(rule -> !rule.name().equals(CheckpointRecipeParser.EXCLUDE))
        .filter(rule -> !deciding.contains(rule.name()))
        .map(rule -> "%s ('%s')".formatted(rule.name(), rule.tensors().glob()))
        .toList();
  }
}
