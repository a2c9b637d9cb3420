package dev.tare.engine.target;

import dev.tare.engine.recipe.Placement;
import dev.tare.engine.recipe.TensorQuery;
import java.util.Collections;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What {@link Placement#ALL_SUPPORTED} or a named placement quantizes besides weights, by tensor.
 *
 * @param activations tensors with their own range, from statistics
 * @param shared tensors with the scale and zero point of another
 * @param operands constant operands, quantized like activations
 * @param left tensors that a neighbour or the recipe keeps in float
 */
public record PlacedTensors(
    SortedMap<String, TensorQuery> activations,
    SortedMap<String, Shared> shared,
    SortedMap<String, TensorQuery> operands,
    SortedMap<String, Left> left) {

  /** The tensors of {@link Placement#CONSTANT_WEIGHTS}: none. */
  public static final PlacedTensors NONE =
      new PlacedTensors(new TreeMap<>(), new TreeMap<>(), new TreeMap<>(), new TreeMap<>());

  /**
   * A tensor that uses the scale of another.
   *
   * @param query the tensor
   * @param source the other, an activation or an operand
   */
  public record Shared(TensorQuery query, String source) {}

  /**
   * A tensor that stays float.
   *
   * @param query the tensor
   * @param reason why
   */
  public record Left(TensorQuery query, String reason) {}

  public PlacedTensors {
    activations = Collections.unmodifiableSortedMap(new TreeMap<>(activations));
    shared = Collections.unmodifiableSortedMap(new TreeMap<>(shared));
    operands = Collections.unmodifiableSortedMap(new TreeMap<>(operands));
    left = Collections.unmodifiableSortedMap(new TreeMap<>(left));
  }

  /**
   * Whether an activation is quantized for all its readers, not only for operators with weights.
   */
  public boolean covers(String tensor) {
    return activations.containsKey(tensor) || shared.containsKey(tensor);
  }
}
