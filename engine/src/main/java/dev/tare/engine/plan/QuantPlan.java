package dev.tare.engine.plan;

import dev.tare.engine.recipe.Role;
import dev.tare.engine.target.Targets;
import dev.tare.engine.tensor.DType;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeSet;

/**
 * The decision for every tensor that a recipe applies to: what quantization executes.
 *
 * @param recipe name of the recipe
 * @param target name of the runtime that the quantized model is for
 * @param placement name of the target's placement; empty if the recipe alone says what is quantized
 * @param modelSha256 SHA-256 of the model it was made for
 * @param widened types of floats in the model's file that calibration and quantization see as
 *     float32; empty where the file has none
 * @param statisticsSha256 {@code content-sha256} of the statistics it was made from
 * @param smoothed inputs whose channels are rescaled before anything is quantized, sorted by name;
 *     what the other decisions say of names and values is true of the model changed so
 * @param gptq weights that are rounded by GPTQ; empty if all are rounded to nearest
 * @param corrected biases that take up what quantization would add to mean results, sorted by node,
 *     also those that stay and why; like {@code smoothed} a change before anything is quantized
 * @param tensors sorted by name, then role
 */
public record QuantPlan(
    String recipe,
    String target,
    Optional<String> placement,
    String modelSha256,
    List<DType> widened,
    String statisticsSha256,
    List<SmoothedInput> smoothed,
    Optional<GptqPlan> gptq,
    List<CorrectedBias> corrected,
    List<TensorPlan> tensors) {

  public QuantPlan {
    widened = List.copyOf(widened);
    smoothed = List.copyOf(smoothed);
    corrected = List.copyOf(corrected);
    tensors = List.copyOf(tensors);
  }

  /** A plan that rounds all weights to nearest and corrects no bias. */
  public QuantPlan(
      String recipe,
      String target,
      Optional<String> placement,
      String modelSha256,
      List<DType> widened,
      String statisticsSha256,
      List<SmoothedInput> smoothed,
      List<TensorPlan> tensors) {
    this(
        recipe,
        target,
        placement,
        modelSha256,
        widened,
        statisticsSha256,
        smoothed,
        Optional.empty(),
        List.of(),
        tensors);
  }

  /** A plan of a model that is read as it is, without corrections. */
  public QuantPlan(
      String recipe,
      String target,
      Optional<String> placement,
      String modelSha256,
      String statisticsSha256,
      List<SmoothedInput> smoothed,
      List<TensorPlan> tensors) {
    this(recipe, target, placement, modelSha256, List.of(), statisticsSha256, smoothed, tensors);
  }

  /** A plan that changes no input. */
  public QuantPlan(
      String recipe,
      String target,
      Optional<String> placement,
      String modelSha256,
      String statisticsSha256,
      List<TensorPlan> tensors) {
    this(recipe, target, placement, modelSha256, statisticsSha256, List.of(), tensors);
  }

  /** A plan without a named placement that changes no input. */
  public QuantPlan(
      String recipe,
      String target,
      String modelSha256,
      String statisticsSha256,
      List<TensorPlan> tensors) {
    this(recipe, target, Optional.empty(), modelSha256, statisticsSha256, tensors);
  }

  /** A plan for the default target. */
  public QuantPlan(
      String recipe, String modelSha256, String statisticsSha256, List<TensorPlan> tensors) {
    this(recipe, Targets.DEFAULT.name(), modelSha256, statisticsSha256, tensors);
  }

  public Optional<TensorPlan> find(String tensor, Role role) {
    return tensors.stream().filter(t -> t.tensor().equals(tensor) && t.role() == role).findFirst();
  }

  /**
   * Returns the names of the operators that read a quantized tensor, sorted, without the caller of
   * the model.
   */
  public SortedSet<String> operators() {
    SortedSet<String> operators = new TreeSet<>();
    for (TensorPlan tensor : tensors) {
      if (tensor.quantized()) {
        operators.addAll(tensor.consumers());
      }
    }
    operators.remove(TensorPlan.GRAPH_OUTPUT);
    return operators;
  }

  /**
   * Returns the plan with one operator left in float; a tensor that only this operator would have
   * read quantized stays float, and its bias is not corrected.
   */
  public QuantPlan without(String operator) {
    List<TensorPlan> others = new ArrayList<>();
    for (TensorPlan tensor : tensors) {
      if (!tensor.quantized() || !tensor.consumers().contains(operator)) {
        others.add(tensor);
        continue;
      }
      List<String> rest =
          tensor.consumers().stream().filter(consumer -> !consumer.equals(operator)).toList();
      others.add(
          rest.isEmpty()
              ? tensor.left("operator '" + operator + "' is left in float")
              : tensor.with(rest));
    }
    return new QuantPlan(
        recipe,
        target,
        placement,
        modelSha256,
        widened,
        statisticsSha256,
        smoothed,
        gptq,
        corrected.stream().filter(bias -> !bias.node().equals(operator)).toList(),
        others);
  }

  /** Returns the plan with weights that are rounded by GPTQ. */
  public QuantPlan with(GptqPlan rounded) {
    return new QuantPlan(
        recipe,
        target,
        placement,
        modelSha256,
        widened,
        statisticsSha256,
        smoothed,
        Optional.of(rounded),
        corrected,
        tensors);
  }

  /** Returns the quantized tensors of a role. */
  public List<TensorPlan> quantized(Role role) {
    return tensors.stream().filter(t -> t.role() == role && t.quantized()).toList();
  }
}
