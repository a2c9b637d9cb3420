package dev.tare.engine.tflite.write;

import com.typesafe.config.ConfigFactory;
import dev.tare.engine.graph.ModelGraph;
import dev.tare.engine.infer.InferenceOptions;
import dev.tare.engine.infer.Session;
import dev.tare.engine.infer.lite.LiteRuntime;
import dev.tare.engine.plan.ActivationPlanner;
import dev.tare.engine.plan.Candidates;
import dev.tare.engine.plan.PlanAssembler;
import dev.tare.engine.plan.QuantPlan;
import dev.tare.engine.plan.TensorPlan;
import dev.tare.engine.plan.WeightPlanner;
import dev.tare.engine.quant.Quantizer;
import dev.tare.engine.quant.Rounding;
import dev.tare.engine.recipe.Recipe;
import dev.tare.engine.recipe.RecipeParser;
import dev.tare.engine.recipe.Recipes;
import dev.tare.engine.target.TargetProfile;
import dev.tare.engine.target.Targets;
import dev.tare.engine.tensor.Sample;
import dev.tare.engine.tensor.Tensor;
import dev.tare.engine.tflite.LiteModel;
import dev.tare.engine.tflite.model.LiteFloatModel;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Function;

/** Plans for small models, and what TensorFlow Lite computes from what is written. */
final class LitePlans {

  static final TargetProfile TARGET = Targets.of("tflite");

  private LitePlans() {}

  /** A recipe that comes with Tare, with more lines behind it, which win. */
  static Recipe recipe(String name, String... more) {
    Path file = Path.of("..", "conf", "recipes", name + ".conf");
    return RecipeParser.parse(
        name,
        ConfigFactory.parseString(String.join("\n", more))
            .withFallback(ConfigFactory.parseFile(file.toFile())),
        TARGET);
  }

  /**
   * A plan.
   *
   * @param values of an activation, of which the extremes count
   */
  static QuantPlan plan(ModelGraph graph, Recipe recipe, Function<String, float[]> values) {
    Candidates candidates = Candidates.of(TARGET, recipe, graph);
    List<TensorPlan> activations = new ArrayList<>();
    ActivationPlanner planner = new ActivationPlanner(recipe);
    candidates
        .activations()
        .forEach(
            (name, query) ->
                activations.add(planner.plan(Recipes.observed(name, values.apply(name)), query)));
    List<TensorPlan> weights = new ArrayList<>();
    candidates
        .weights()
        .forEach((name, q) -> weights.add(new WeightPlanner(recipe).plan(graph.constant(name), q)));
    return new QuantPlan(
        recipe.name(),
        TARGET.name(),
        "0".repeat(64),
        "0".repeat(64),
        new PlanAssembler(candidates, graph, activations, weights).assemble());
  }

  static ByteBuffer codes(ModelGraph graph, TensorPlan plan) {
    return Quantizer.quantize(
            graph.constant(plan.tensor()),
            plan.params(),
            plan.granularity(),
            plan.limits(),
            Rounding.DIVISION)
        .bytes();
  }

  /** What the runtime computes, as numbers, by output. */
  static Map<String, float[]> run(
      LiteModel model, SortedMap<String, Tensor> inputs, List<String> outputs, Path folder)
      throws IOException {
    Map<String, float[]> all = new LinkedHashMap<>();
    try (Session session =
        LiteRuntime.INSTANCE.open(
            LiteFloatModel.of(model).writeLocal(folder, folder), InferenceOptions.of(1))) {
      session
          .comparing(outputs)
          .run(
              List.of(new Sample(new TreeMap<>(inputs))),
              (name, floats, shape) -> {
                float[] values = new float[floats.remaining() / Float.BYTES];
                floats.asFloatBuffer().get(values);
                all.put(name, values);
              });
    }
    return all;
  }
}
