package dev.tare.jobs.select;

import dev.tare.engine.graph.ModelGraph;
import dev.tare.engine.model.InvalidModelException;
import dev.tare.engine.pass.BiasCorrection;
import dev.tare.engine.plan.AmplifiedNoise;
import dev.tare.engine.plan.Candidates;
import dev.tare.engine.recipe.GptqRule;
import dev.tare.engine.recipe.Recipe;
import dev.tare.jobs.Printable;
import dev.tare.jobs.TareException;
import dev.tare.jobs.model.ModelHandle;
import dev.tare.jobs.model.RecipeText;
import java.util.List;
import java.util.Map;

/** What a recipe may quantize of a model, and what it needs for that, as far as the graph says. */
public final class Quantizable {

  private Quantizable() {}

  /**
   * Whether there is anything to do that can be written, known without statistics.
   *
   * @throws TareException (bad input) if the model has nothing that the recipe quantizes, or an
   *     operator that opset 13 cannot express, which quantized models need
   */
  public static void requireCandidates(ModelHandle model, RecipeText recipe) {
    possible(model, recipe);
    try {
      model.prepared().requireWritable();
    } catch (InvalidModelException e) {
      throw TareException.badInput(e.getMessage(), e);
    }
  }

  /**
   * Whether the target supports what the recipe asks for, for every operator.
   *
   * @throws TareException (usage) if it cannot, with operators and reasons
   */
  public static void requireFollowed(ModelHandle model, RecipeText recipe) {
    Candidates candidates = possible(model, recipe);
    if (!candidates.limited().isEmpty()) {
      throw TareException.usage(
          "--strict: target %s cannot follow recipe '%s' for %s"
              .formatted(
                  candidates.target().name(), recipe.name(), Printable.list(limits(candidates))));
    }
  }

  private static List<String> limits(Candidates candidates) {
    return candidates.limited().stream()
        .map(node -> node.node() + ": " + candidates.leftFloat().get(node))
        .toList();
  }

  /**
   * Whether the plan depends on statistics: an operator's input gets a range ahead of time, weights
   * are rounded by what they multiply, or biases are corrected.
   */
  public static boolean needsStatistics(ModelHandle model, RecipeText recipe) {
    return needsRanges(model, recipe)
        || recipe.parse().gptq().isPresent()
        || correctsBiases(model, recipe);
  }

  /**
   * Whether biases take up what quantization adds to the mean of results, which statistics tell:
   * also those of products whose weights alone are quantized.
   */
  public static boolean correctsBiases(ModelHandle model, RecipeText recipe) {
    return recipe.parse().biasCorrection()
        && !BiasCorrection.tasks(possible(model, recipe), model.prepared().graph()).isEmpty();
  }

  /**
   * Whether a plan that rounds to nearest depends on statistics: an operator's input gets a range
   * ahead of time.
   */
  public static boolean needsRanges(ModelHandle model, RecipeText recipe) {
    return !possible(model, recipe).activations().isEmpty();
  }

  /**
   * Whether decisions about activations are the first use of statistics, and so may be made while
   * these are checked.
   */
  static boolean readsActivationsFirst(ModelHandle model, RecipeText recipe) {
    ModelGraph graph = model.prepared().graph();
    return needsRanges(model, recipe)
        && SelectSmoothing.Groups.of(recipe, graph, Map.of()).tensors().isEmpty()
        && recipe.parse().floatShare() == 0
        && recipe.parse().gptq().filter(GptqRule::awq).isEmpty()
        && !SelectSpoiled.reads(recipe, graph);
  }

  /** Whether there is anything that a recipe and its placement quantize, whatever was observed. */
  public static boolean any(ModelHandle model, RecipeText recipe) {
    return !Candidates.of(
            recipe.target(), recipe.placement(), recipe.parse(), model.prepared().graph())
        .chosen()
        .isEmpty();
  }

  /**
   * Whether anything is left to quantize.
   *
   * @param found what stays float by statistics
   */
  static boolean any(ModelHandle model, RecipeText recipe, SelectSpoiled.Found found) {
    return !Candidates.of(
            recipe.target(),
            recipe.placement(),
            recipe.parse().withSpoiled(found.tensors()),
            model.prepared().graph(),
            found.operators())
        .chosen()
        .isEmpty();
  }

  /** Operators that would be left in float where there are no statistics. */
  static Map<String, String> suspected(Recipe recipe, ModelGraph graph) {
    return recipe.guard() ? AmplifiedNoise.suspected(graph) : Map.of();
  }

  /** What may be quantized, as far as it is known without statistics. */
  private static Candidates possible(ModelHandle model, RecipeText recipe) {
    ModelGraph graph = model.prepared().graph();
    Recipe parsed = recipe.parse();
    return requireAny(
        model, graph, parsed, Candidates.of(recipe.target(), recipe.placement(), parsed, graph));
  }

  /**
   * What is quantized of a model as its plan changes it.
   *
   * @param spoiled operators that stay float, by name, with the reason
   * @throws TareException (bad input) if there is nothing
   */
  static Candidates of(
      ModelHandle model,
      ModelGraph graph,
      RecipeText text,
      Recipe recipe,
      Map<String, String> spoiled) {
    return requireAny(
        model,
        graph,
        recipe,
        Candidates.of(text.target(), text.placement(), recipe, graph, spoiled));
  }

  private static Candidates requireAny(
      ModelHandle model, ModelGraph graph, Recipe recipe, Candidates candidates) {
    if (candidates.chosen().isEmpty()) {
      throw TareException.badInput(
          NothingToQuantize.message(model.prepared().name(), graph, recipe, candidates));
    }
    return candidates;
  }
}
