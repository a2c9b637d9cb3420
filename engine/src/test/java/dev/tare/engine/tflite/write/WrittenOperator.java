package dev.tare.engine.tflite.write;

import dev.tare.engine.graph.ModelGraph;
import dev.tare.engine.plan.QuantPlan;
import dev.tare.engine.plan.TensorPlan;
import dev.tare.engine.quant.Granularity;
import dev.tare.engine.quant.QuantParams;
import dev.tare.engine.quant.Quantizer;
import dev.tare.engine.recipe.Role;
import dev.tare.engine.tensor.Tensor;
import dev.tare.engine.tflite.LiteModel;
import dev.tare.engine.tflite.LiteModels;
import dev.tare.engine.tflite.LiteTensor;
import dev.tare.engine.tflite.view.LiteGraph;
import dev.tare.engine.tflite.write.IntegerModel.Ends;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * A model of one operator, written in integers from the extremes that random numbers have in it.
 *
 * @param model the float model
 * @param inputs numbers that the integers of the plan have exactly
 * @param integers the written model, with integers at its ends, as read again
 */
record WrittenOperator(
    LiteModel model, QuantPlan plan, SortedMap<String, Tensor> inputs, LiteModel integers) {

  static WrittenOperator of(OneOperator operator, String recipe, Path folder) throws IOException {
    LiteModel model = reread(operator.model(), folder);
    ModelGraph graph = LiteGraph.of(model);
    SortedMap<String, Tensor> inputs = random(model);
    TreeSet<String> names = new TreeSet<>(graph.activations().all());
    Map<String, float[]> seen =
        LitePlans.run(model.exposing(names), inputs, List.copyOf(names), folder);
    QuantPlan plan = LitePlans.plan(graph, LitePlans.recipe(recipe), seen::get);
    inputs.replaceAll(
        (name, values) ->
            Quantizer.fakeQuantize(values, List.of(params(plan, name)), Granularity.perTensor()));
    LiteModel integers = IntegerModel.of(model, plan, p -> LitePlans.codes(graph, p), Ends.INTEGER);
    return new WrittenOperator(model, plan, inputs, reread(integers, folder));
  }

  static LiteModel reread(LiteModel model, Path folder) throws IOException {
    return LiteModels.read(LiteModels.written(model), folder);
  }

  static SortedMap<String, Tensor> random(LiteModel model) {
    Random random = new Random(23);
    SortedMap<String, Tensor> inputs = new TreeMap<>();
    for (LiteTensor input : model.inputs()) {
      float[] values = new float[(int) input.shape().size()];
      for (int i = 0; i < values.length; i++) {
        values[i] = 6 * random.nextFloat() - 2.5f;
      }
      inputs.put(input.name(), Tensor.ofFloats(input.shape(), values));
    }
    return inputs;
  }

  private static QuantParams params(QuantPlan plan, String tensor) {
    return plan.find(tensor, Role.ACTIVATION)
        .filter(TensorPlan::quantized)
        .orElseThrow()
        .params()
        .get(0);
  }

  QuantParams params(String tensor) {
    return params(plan, tensor);
  }

  List<String> outputs() {
    return model.outputs().stream().map(LiteTensor::name).toList();
  }
}
