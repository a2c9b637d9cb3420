package dev.tare.engine.checkpoint;

import dev.tare.engine.recipe.NamePattern;
import dev.tare.engine.safetensors.TensorSpec;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What of a checkpoint is quantized, and how.
 *
 * @param name what the user called it
 * @param description one sentence for people
 * @param scheme how weights are quantized, unless a rule says otherwise
 * @param fused patterns of the last names of layers that a runtime joins, so that they need one
 *     scheme, and share the scale of a tensor where the scheme has one; layers of one module that
 *     are in the same group of patterns are joined, and a layer is in the first group that has a
 *     pattern for it
 * @param rules exceptions; the last match decides, the excluded modules being the last of them
 */
public record CheckpointRecipe(
    String name,
    String description,
    WeightScheme scheme,
    List<List<NamePattern>> fused,
    List<CheckpointRule> rules) {

  static final String WEIGHT = ".weight";

  public CheckpointRecipe {
    fused = fused.stream().map(List::copyOf).toList();
    rules = List.copyOf(rules);
  }

  /**
   * The largest magnitudes that the scales of tensors follow from.
   *
   * @param largest that of each weight
   * @return for each of them the largest of all that share its scale
   */
  public SortedMap<String, Float> shared(SortedMap<String, Float> largest) {
    Map<String, Float> groups = new HashMap<>();
    largest.forEach((weight, value) -> groups.merge(group(weight), value, Math::max));
    SortedMap<String, Float> shared = new TreeMap<>();
    largest.keySet().forEach(weight -> shared.put(weight, groups.get(group(weight))));
    return shared;
  }

  private String group(String weight) {
    return joined(weight.substring(0, weight.length() - WEIGHT.length())).orElse(weight);
  }

  /**
   * What tells a joined layer from others.
   *
   * @param module path of one of its parts
   * @return empty if the module is not a part of one
   */
  Optional<String> joined(String module) {
    int dot = module.lastIndexOf('.');
    String layer = module.substring(dot + 1);
    for (int i = 0; i < fused.size(); i++) {
      if (fused.get(i).stream().anyMatch(pattern -> pattern.matches(layer))) {
        return Optional.of(module.substring(0, dot + 1) + i);
      }
    }
    return Optional.empty();
  }

  /** Whether a tensor can be the weight of a linear layer: a matrix of floats of that name. */
  static boolean isLinear(TensorSpec tensor) {
    return tensor.name().endsWith(WEIGHT)
        && tensor.shape().rank() == 2
        && tensor.type().quantizable();
  }

  /** The path of the module of a weight. */
  static String module(TensorSpec weight) {
    return weight.name().substring(0, weight.name().length() - WEIGHT.length());
  }

  /** The rule that decides for the weight of a module; empty if none does. */
  Optional<CheckpointRule> rule(String module) {
    for (int i = rules.size() - 1; i >= 0; i--) {
      if (rules.get(i).matches(module)) {
        return Optional.of(rules.get(i));
      }
    }
    return Optional.empty();
  }
}
