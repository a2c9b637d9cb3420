package dev.tare.engine.recipe;

import java.util.List;
import java.util.Optional;

/**
 * The decision for every tensor that a recipe speaks of: what quantization executes.
 *
 * @param recipe name of the recipe
 * @param modelSha256 the model that it was made for
 * @param statisticsSha256 {@code content-sha256} of the statistics that it was made from
 * @param tensors sorted by name, then role
 */
public record QuantPlan(
    String recipe, String modelSha256, String statisticsSha256, List<TensorPlan> tensors) {

  public QuantPlan {
    tensors = List.copyOf(tensors);
  }

  public Optional<TensorPlan> find(String tensor, Role role) {
    return tensors.stream().filter(t -> t.tensor().equals(tensor) && t.role() == role).findFirst();
  }

  /** The tensors of a role that are quantized. */
  public List<TensorPlan> quantized(Role role) {
    return tensors.stream().filter(t -> t.role() == role && t.quantized()).toList();
  }
}
