package dev.tare.engine.onnx;

import ai.onnxruntime.OrtSession.SessionOptions.OptLevel;
import dev.tare.engine.observe.Observer;
import dev.tare.engine.observe.ObserverOptions;
import dev.tare.engine.quant.Quantizer;
import dev.tare.engine.quant.Rounding;
import dev.tare.engine.recipe.ActivationPlanner;
import dev.tare.engine.recipe.Candidates;
import dev.tare.engine.recipe.LeftFloat;
import dev.tare.engine.recipe.OtherConstants;
import dev.tare.engine.recipe.PlanAssembler;
import dev.tare.engine.recipe.QuantPlan;
import dev.tare.engine.recipe.Recipe;
import dev.tare.engine.recipe.Role;
import dev.tare.engine.recipe.TensorPlan;
import dev.tare.engine.recipe.WeightCheck;
import dev.tare.engine.recipe.WeightPlanner;
import dev.tare.engine.tensor.Tensor;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Plans from statistics of one run of the float model. */
final class StaticPlans {

  private StaticPlans() {}

  /**
   * @param observed what statistics are made of, as {@link Observation} knows it; tensors that the
   *     plan needs beside these are a failure
   */
  static QuantPlan plan(
      OnnxModel model, Recipe recipe, String observed, Map<String, Tensor> inputs) {
    Candidates candidates = Candidates.of(recipe, model.weights());
    List<String> names =
        Observation.resolve(observed, model).stream().map(ObservedTensor::name).toList();
    Map<String, Tensor> seen = new HashMap<>(inputs);
    seen.putAll(
        Reference.run(
            ModelPreparer.expose(model, computed(names, inputs)), inputs, OptLevel.BASIC_OPT));
    ActivationPlanner planner = new ActivationPlanner(recipe);
    List<TensorPlan> activations = new ArrayList<>();
    candidates
        .activations()
        .forEach(
            (name, query) -> {
              if (!names.contains(name)) {
                throw new AssertionError("'" + name + "' is not observed by " + observed);
              }
              Observer observer = Observer.create(name, ObserverOptions.ofWhole());
              observer.observe(seen.get(name).floats(), seen.get(name).shape());
              activations.add(planner.plan(observer.statistics(), query));
            });
    WeightPlanner weightPlanner = new WeightPlanner(recipe);
    List<TensorPlan> weights = new ArrayList<>();
    candidates
        .weights()
        .forEach(
            (name, query) ->
                weights.add(weightPlanner.plan(model.weights().constant(name), query)));
    List<TensorPlan> plans =
        new ArrayList<>(
            new PlanAssembler(candidates, model.weights(), activations, weights).assemble());
    plans.addAll(LeftFloat.of(recipe, candidates, plans));
    plans.addAll(OtherConstants.of(recipe, model.weights(), plans));
    return new QuantPlan(recipe.name(), "", "", plans);
  }

  private static List<String> computed(List<String> names, Map<String, Tensor> inputs) {
    return names.stream().filter(name -> !inputs.containsKey(name)).toList();
  }

  static OnnxModel quantized(OnnxModel model, QuantPlan plan) {
    // What was planned from the weights is never refused because of them.
    for (TensorPlan weight : plan.quantized(Role.WEIGHT)) {
      WeightCheck.require(model.weights().constant(weight.tensor()), weight);
      WeightCheck.requireWidthExplained(model.weights(), plan, weight);
    }
    return QdqRewriter.rewrite(
        model,
        plan,
        tensor ->
            Quantizer.quantize(
                    model.weights().constant(tensor.tensor()),
                    tensor.params(),
                    tensor.granularity(),
                    tensor.limits(),
                    Rounding.DIVISION)
                .bytes());
  }
}
