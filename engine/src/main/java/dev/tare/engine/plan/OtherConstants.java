package dev.tare.engine.plan;

import dev.tare.engine.graph.FloatConstant;
import dev.tare.engine.graph.ModelGraph;
import dev.tare.engine.recipe.Format;
import dev.tare.engine.recipe.Placement;
import dev.tare.engine.recipe.Recipe;
import dev.tare.engine.recipe.Role;
import dev.tare.engine.recipe.TensorQuery;
import dev.tare.engine.target.TargetProfile;
import dev.tare.engine.tensor.DType;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Plans with the reason why constants that no rule of a recipe matches stay float. */
public final class OtherConstants {

  private OtherConstants() {}

  /**
   * Returns an entry for each constant and reason, except {@link FloatConstant#isVector vectors}.
   *
   * @param planned all other decisions; an operator that one of them names for a constant gets no
   *     second entry for it
   */
  public static List<TensorPlan> of(
      TargetProfile target, Recipe recipe, ModelGraph source, List<TensorPlan> planned) {
    Map<String, Set<String>> told = new HashMap<>();
    Set<String> quantized = new HashSet<>();
    for (TensorPlan plan : planned) {
      if (plan.role() != Role.ACTIVATION) {
        told.computeIfAbsent(plan.tensor(), k -> new HashSet<>()).addAll(plan.consumers());
        if (plan.quantized()) {
          quantized.add(plan.tensor());
        }
      }
    }
    List<TensorPlan> plans = new ArrayList<>();
    for (FloatConstant constant : source.floatConstants()) {
      if (constant.isVector()) {
        continue;
      }
      Set<String> known = told.getOrDefault(constant.name(), Set.of());
      Map<String, List<FloatConstant.Reader>> byReason = new LinkedHashMap<>();
      for (FloatConstant.Reader reader : constant.readers()) {
        if (!known.contains(reader.node())) {
          byReason
              .computeIfAbsent(
                  reason(target, recipe, constant, reader, quantized.contains(constant.name())),
                  k -> new ArrayList<>())
              .add(reader);
        }
      }
      byReason.forEach((reason, readers) -> plans.add(plan(recipe, constant, readers, reason)));
    }
    return plans;
  }

  /** Number and elements of vectors and scalars that stay float without an entry. */
  public record Vectors(int count, long elements) {

    /** Counts the vectors of a model that its plan does not quantize. */
    public static Vectors of(ModelGraph source, QuantPlan plan) {
      Set<String> told = new HashSet<>();
      plan.tensors().stream()
          .filter(t -> t.role() != Role.ACTIVATION)
          .forEach(t -> told.add(t.tensor()));
      int count = 0;
      long elements = 0;
      for (FloatConstant constant : source.floatConstants()) {
        if (constant.isVector() && !told.contains(constant.name())) {
          count++;
          elements += constant.shape().size();
        }
      }
      return new Vectors(count, elements);
    }
  }

  private static TensorPlan plan(
      Recipe recipe, FloatConstant constant, List<FloatConstant.Reader> readers, String reason) {
    TensorQuery query =
        new TensorQuery(
            constant.name(),
            Role.WEIGHT,
            readers.stream().map(FloatConstant.Reader::node).toList(),
            readers.stream().map(FloatConstant.Reader::opType).distinct().sorted().toList(),
            Format.QDQ,
            -1,
            -1);
    return TensorPlan.left(query, Optional.of(constant.shape()), recipe.decide(query), reason);
  }

  private static String reason(
      TargetProfile target,
      Recipe recipe,
      FloatConstant constant,
      FloatConstant.Reader reader,
      boolean elsewhere) {
    if (reader.reason().isPresent()) {
      return reader.reason().get();
    }
    if (constant.dtype() != DType.FLOAT32) {
      return "it is " + constant.dtype() + ", not FLOAT32";
    }
    if (elsewhere) {
      return "it is quantized for other operators alone, %s reads the float one"
          .formatted(reader.opType());
    }
    if (!target.takesConstants(reader.opType())) {
      return "constants of %s are not quantized".formatted(reader.opType());
    }
    return recipe.placement() == Placement.ALL_SUPPORTED
        ? "%s is left in float here".formatted(reader.opType())
        : "constants of %s are quantized by placement all-supported alone"
            .formatted(reader.opType());
  }
}
