package dev.tare.jobs.model;

import dev.tare.engine.plan.Candidates;
import dev.tare.engine.plan.SmoothedInput;
import dev.tare.engine.recipe.Recipe;
import dev.tare.jobs.artifact.WeightLevel;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeSet;

/**
 * A recipe with further rules that give single weights another level.
 *
 * <p>The recipe's own level stays as the recipe has it, inputs in integers included. Weights at
 * other levels become integers alone and their operators compute in float: 4 bits asymmetric with a
 * scale for each 32 along the sum, 8 and 16 bits symmetric with one for each channel. Excludes of
 * the recipe still decide last.
 */
public final class LevelledRecipe {

  private static final Map<WeightLevel, Map<String, Object>> SETTINGS =
      Map.of(
          WeightLevel.INT4,
          Map.of(
              "type",
              "uint4",
              "symmetric",
              false,
              "narrow-range",
              false,
              "reduce-range",
              false,
              "granularity",
              "per-block",
              "block-size",
              32),
          WeightLevel.INT8,
          Map.of(
              "type", "int8",
              "symmetric", true,
              "narrow-range", true,
              "reduce-range", false,
              "granularity", "per-channel"),
          WeightLevel.INT16,
          Map.of(
              "type", "int16",
              "symmetric", true,
              "narrow-range", true,
              "reduce-range", false,
              "granularity", "per-channel"));

  private LevelledRecipe() {}

  /**
   * The name that a weight of a plan has in the model.
   *
   * @param weights names of all weights in the model
   */
  public static String original(Set<String> weights, String planned) {
    if (!weights.contains(planned)) {
      for (String suffix : SmoothedInput.SUFFIXES) {
        int end = planned.length() - suffix.length();
        if (planned.endsWith(suffix) && weights.contains(planned.substring(0, end))) {
          return planned.substring(0, end);
        }
      }
    }
    return planned;
  }

  /** Names of the weights that a recipe quantizes in a model. */
  public static SortedSet<String> weights(ModelHandle model, RecipeText recipe) {
    SortedSet<String> weights = new TreeSet<>();
    Candidates.of(recipe.target(), recipe.placement(), recipe.parse(), model.prepared().graph())
        .chosen()
        .forEach(candidate -> weights.add(candidate.node().weight()));
    return weights;
  }

  /**
   * The recipe with levels.
   *
   * @param levels by the name of the weight
   * @throws dev.tare.engine.recipe.RecipeException when it is parsed, if the target refuses it
   */
  public static RecipeText of(RecipeText recipe, SortedMap<String, WeightLevel> levels) {
    Recipe parsed = recipe.parse();
    int own = parsed.weights().type().dtype().bits();
    // Passes that change a weight give it another name, which the same rules have to match.
    boolean changes = parsed.equalization() || parsed.smoothing().isPresent();
    List<Map<String, Object>> rules = new ArrayList<>();
    levels.forEach(
        (weight, level) -> {
          rules.addAll(rules(weight, level, own));
          if (changes) {
            SmoothedInput.SUFFIXES.forEach(
                suffix -> rules.addAll(rules(weight + suffix, level, own)));
          }
        });
    return recipe.withRules(rules);
  }

  private static List<Map<String, Object>> rules(String weight, WeightLevel level, int own) {
    if (level == WeightLevel.FLOAT) {
      return List.of(Map.of("tensors", weight, "quantize", false));
    }
    if (level.bits() == own) {
      return List.of();
    }
    Map<String, Object> settings = new HashMap<>(SETTINGS.get(level));
    settings.put("tensors", weight);
    settings.put("role", "weight");
    return List.of(Map.of("tensors", weight, "mode", "weight-only"), settings);
  }
}
