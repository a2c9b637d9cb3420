package dev.tare.engine.onnx;

import ai.onnxruntime.OrtSession.SessionOptions.OptLevel;
import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import dev.tare.engine.infer.CpuFeatures;
import dev.tare.engine.observe.Observer;
import dev.tare.engine.observe.ObserverOptions;
import dev.tare.engine.onnx.graph.Nodes;
import dev.tare.engine.onnx.prepare.GraphPreparation;
import dev.tare.engine.onnx.view.OnnxGraph;
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
import dev.tare.engine.target.OnnxRuntimeTarget;
import dev.tare.engine.tensor.Tensor;
import java.io.File;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;

/**
 * A prepared float model with what its quantizable operators really read, for some inputs; and
 * plans made of that as the pipeline makes them.
 */
public final class CapturedModel {

  private static final boolean SATURATES = !CpuFeatures.current().exactInt8Products();

  private final OnnxModel model;
  private final List<Map<String, Tensor>> captured = new ArrayList<>();

  /** Runs every input through the float model, each of whose operators' operands is recorded. */
  public CapturedModel(OnnxModel original, List<Map<String, Tensor>> inputs) {
    this.model = GraphPreparation.prepare(original);
    TreeSet<String> operands = new TreeSet<>();
    OnnxGraph.of(model).nodes().forEach(node -> operands.add(node.input()));
    model.graph().getNodeList().stream()
        .filter(node -> Nodes.is(node, "Gather"))
        .forEach(node -> operands.add(node.getInput(1)));
    operands.retainAll(model.tensors());
    OnnxModel exposed = ExposedOutputs.expose(model, operands);
    List<Map<String, Tensor>> outputs =
        Reference.runAll(exposed.toByteArray(), inputs, OptLevel.NO_OPT);
    for (int i = 0; i < inputs.size(); i++) {
      Map<String, Tensor> values = new HashMap<>(outputs.get(i));
      values.putAll(inputs.get(i));
      captured.add(values);
    }
  }

  public OnnxModel model() {
    return model;
  }

  /** Values of tensors by name, for each input. */
  public List<Map<String, Tensor>> captured() {
    return captured;
  }

  /**
   * A shipped recipe with more lines behind it, which win. Signed weights have 7 bits on a
   * processor whose sums of two 8-bit products saturate at 16 bits, as integers here do not.
   */
  public static Recipe recipe(String name, String... changes) {
    Config file = ConfigFactory.parseFile(new File("../conf/recipes/" + name + ".conf"));
    Config config =
        ConfigFactory.parseString(String.join("\n", changes)).withFallback(file).resolve();
    if (SATURATES && config.getString("weights.type").equals("int8")) {
      config = ConfigFactory.parseString("weights.reduce-range = true").withFallback(config);
    }
    return RecipeParser.parse(name, config, OnnxRuntimeTarget.INSTANCE);
  }

  /** The plan by the extremes, or whatever the recipe says, of the first inputs. */
  public QuantPlan plan(Recipe recipe, int calibrationInputs) {
    Candidates candidates = Candidates.of(OnnxRuntimeTarget.INSTANCE, recipe, OnnxGraph.of(model));
    ActivationPlanner activationPlanner = new ActivationPlanner(recipe);
    WeightPlanner weightPlanner = new WeightPlanner(recipe);
    List<TensorPlan> activations = new ArrayList<>();
    candidates
        .activations()
        .forEach(
            (name, query) -> {
              Observer observer = Observer.create(name, ObserverOptions.ofWhole());
              captured
                  .subList(0, calibrationInputs)
                  .forEach(v -> observer.observe(v.get(name).bytes(), v.get(name).shape()));
              activations.add(activationPlanner.plan(observer.statistics(), query));
            });
    List<TensorPlan> weights = new ArrayList<>();
    candidates
        .weights()
        .forEach(
            (name, query) ->
                weights.add(weightPlanner.plan(OnnxGraph.of(model).constant(name), query)));
    return new QuantPlan(
        recipe.name(),
        "",
        "",
        new PlanAssembler(candidates, OnnxGraph.of(model), activations, weights).assemble());
  }

  /** The integers of a constant of the model. */
  public ByteBuffer codes(TensorPlan constant) {
    return Quantizer.quantize(
            OnnxGraph.of(model).constant(constant.tensor()),
            constant.params(),
            constant.granularity(),
            constant.limits(),
            Rounding.DIVISION)
        .bytes();
  }
}
