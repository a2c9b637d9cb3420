package dev.tare.engine.checkpoint;

import dev.tare.engine.recipe.NamePattern;
import dev.tare.engine.safetensors.TensorSpec;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What of a checkpoint is quantized, and how.
 *
 * @param name what the user called it
 * @param description one sentence for people
 * @param scheme how weights are quantized
 * @param fused patterns of the last names of layers that a runtime joins, so that they share the
 *     scale of a tensor where they are in one module; a layer is in the first group that has a
 *     pattern for it. Empty where weights have no such scale
 * @param exclude modules that stay as they are, by their path: {@code model.layers.0.mlp.gate}
 */
public record CheckpointRecipe(
    String name,
    String description,
    WeightScheme scheme,
    List<List<NamePattern>> fused,
    List<NamePattern> exclude) {

  private static final String WEIGHT = ".weight";

  public CheckpointRecipe {
    fused = fused.stream().map(List::copyOf).toList();
    exclude = List.copyOf(exclude);
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
    int end = weight.length() - WEIGHT.length();
    int dot = weight.lastIndexOf('.', end - 1);
    String layer = weight.substring(dot + 1, end);
    for (int i = 0; i < fused.size(); i++) {
      if (fused.get(i).stream().anyMatch(pattern -> pattern.matches(layer))) {
        return weight.substring(0, dot + 1) + i;
      }
    }
    return weight;
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

  boolean excludes(String module) {
    return exclude.stream().anyMatch(pattern -> pattern.matches(module));
  }
}
