package dev.tare.engine.onnx;

import ai.onnxruntime.OrtSession.SessionOptions.OptLevel;
import dev.tare.engine.model.ObservableTensor;
import dev.tare.engine.model.Observation;
import dev.tare.engine.observe.Observer;
import dev.tare.engine.observe.ObserverOptions;
import dev.tare.engine.onnx.model.OnnxFloatModel;
import dev.tare.engine.onnx.view.OnnxGraph;
import dev.tare.engine.onnx.write.QdqRewriter;
import dev.tare.engine.plan.ActivationPlanner;
import dev.tare.engine.plan.AmplifiedNoise;
import dev.tare.engine.plan.Candidates;
import dev.tare.engine.plan.LeftFloat;
import dev.tare.engine.plan.OtherConstants;
import dev.tare.engine.plan.PlanAssembler;
import dev.tare.engine.plan.QuantPlan;
import dev.tare.engine.plan.SharedScale;
import dev.tare.engine.plan.TensorPlan;
import dev.tare.engine.plan.WeightCheck;
import dev.tare.engine.plan.WeightPlanner;
import dev.tare.engine.quant.Quantizer;
import dev.tare.engine.quant.Rounding;
import dev.tare.engine.recipe.Recipe;
import dev.tare.engine.recipe.Role;
import dev.tare.engine.statistics.Statistics;
import dev.tare.engine.statistics.TensorStatistics;
import dev.tare.engine.target.NamedPlacement;
import dev.tare.engine.target.OnnxRuntimeTarget;
import dev.tare.engine.target.TargetProfile;
import dev.tare.engine.tensor.Tensor;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/** Plans from statistics of one run of the float model. */
public final class StaticPlans {

  private StaticPlans() {}

  /**
   * The plan of a model by a recipe, calibrated on one sample.
   *
   * @param observed what statistics are made of, as {@link Observation} knows it; tensors that the
   *     plan needs beside these are a failure
   */
  public static QuantPlan plan(
      OnnxModel model, Recipe recipe, String observed, Map<String, Tensor> inputs) {
    return plan(OnnxRuntimeTarget.INSTANCE, model, recipe, observed, inputs);
  }

  /** The plan of a model for a target. */
  public static QuantPlan plan(
      TargetProfile target,
      OnnxModel model,
      Recipe recipe,
      String observed,
      Map<String, Tensor> inputs) {
    return plan(target, Optional.empty(), model, recipe, observed, inputs);
  }

  /** The plan of a model with a placement of the target. */
  public static QuantPlan plan(
      TargetProfile target,
      Optional<String> placement,
      OnnxModel model,
      Recipe intent,
      String observed,
      Map<String, Tensor> inputs) {
    OnnxGraph graph = OnnxGraph.of(model);
    List<String> names =
        Observation.resolve(observed, OnnxFloatModel.of(model)).stream()
            .map(ObservableTensor::name)
            .toList();
    Map<String, Tensor> seen = new HashMap<>(inputs);
    seen.putAll(
        Reference.run(
            ExposedOutputs.expose(model, computed(names, inputs)), inputs, OptLevel.BASIC_OPT));
    NamedPlacement placed = placement.map(target::placement).orElse(target.placements().get(0));
    Recipe recipe = intent;
    Map<String, String> spoiled = new HashMap<>();
    if (recipe.guard()) {
      Candidates unguarded = Candidates.of(target, placed, recipe, graph, Map.of());
      Function<String, Optional<Statistics>> values =
          name ->
              Optional.of(name)
                  .filter(names::contains)
                  .flatMap(n -> observed(n, seen.get(n)).whole());
      spoiled.putAll(
          AmplifiedNoise.found(
              graph,
              recipe,
              unguarded,
              n -> values.apply(n).map(Statistics::distribution),
              n -> List.of()));
      recipe =
          recipe.withSpoiled(
              SharedScale.found(graph, recipe, unguarded, values, tensor -> List.of()));
    }
    Candidates candidates = Candidates.of(target, placed, recipe, graph, spoiled);
    ActivationPlanner planner = new ActivationPlanner(recipe);
    List<TensorPlan> activations = new ArrayList<>();
    candidates
        .activations()
        .forEach(
            (name, query) -> {
              if (!names.contains(name)) {
                throw new AssertionError("'" + name + "' is not observed by " + observed);
              }
              activations.add(planner.plan(observed(name, seen.get(name)), query));
            });
    WeightPlanner weightPlanner = new WeightPlanner(recipe);
    List<TensorPlan> weights = new ArrayList<>();
    candidates
        .weights()
        .forEach(
            (name, query) ->
                weights.add(weightPlanner.plan(OnnxGraph.of(model).constant(name), query)));
    List<TensorPlan> plans =
        new ArrayList<>(
            new PlanAssembler(candidates, OnnxGraph.of(model), activations, weights).assemble());
    plans.addAll(LeftFloat.of(recipe, candidates, plans));
    plans.addAll(OtherConstants.of(target, recipe, OnnxGraph.of(model), plans));
    return new QuantPlan(recipe.name(), target.name(), placement, "", "", plans);
  }

  private static TensorStatistics observed(String name, Tensor values) {
    Observer observer = Observer.create(name, ObserverOptions.ofWhole());
    observer.observe(values.floats(), values.shape());
    return observer.statistics();
  }

  private static List<String> computed(List<String> names, Map<String, Tensor> inputs) {
    return names.stream().filter(name -> !inputs.containsKey(name)).toList();
  }

  public static OnnxModel quantized(OnnxModel model, QuantPlan plan) {
    // What was planned from the weights is never refused because of them.
    for (TensorPlan weight : plan.quantized(Role.WEIGHT)) {
      WeightCheck.require(OnnxGraph.of(model).constant(weight.tensor()), weight);
      WeightCheck.requireWidthExplained(
          OnnxRuntimeTarget.INSTANCE, OnnxGraph.of(model), plan, weight);
    }
    return QdqRewriter.rewrite(
        model,
        plan,
        tensor ->
            Quantizer.quantize(
                    OnnxGraph.of(model).constant(tensor.tensor()),
                    tensor.params(),
                    tensor.granularity(),
                    tensor.limits(),
                    Rounding.DIVISION)
                .bytes());
  }
}
