package dev.tare.engine.onnx.write;

import dev.tare.engine.onnx.OnnxModel;
import dev.tare.engine.onnx.graph.Bodies;
import dev.tare.engine.onnx.graph.ConstantScope;
import dev.tare.engine.onnx.graph.FreshNames;
import dev.tare.engine.onnx.graph.TensorCodec;
import dev.tare.engine.onnx.proto.NodeProto;
import dev.tare.engine.onnx.view.Product;
import dev.tare.engine.plan.TensorPlan;
import dev.tare.engine.tensor.Shape;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * The weights of products inside bodies of If, Loop and Scan while a plan is written.
 *
 * <p>A body captures its weight from the main graph, where it is dequantized once, not in every
 * round of a loop. Not thread-safe.
 */
final class BodyWeights {

  private final OnnxModel model;
  private final ConstantScope main;
  private final FreshNames taken;
  private final Map<String, Integer> places = new HashMap<>();
  private final Map<String, String> weights = new HashMap<>();
  private final Map<String, Shape> shapes = new HashMap<>();
  private final Map<String, String> redirected = new HashMap<>();

  BodyWeights(OnnxModel model) {
    this.model = model;
    this.main = ConstantScope.ofMain(model.graph(), model.constants());
    this.taken = new FreshNames(model.graph());
    for (int i = 0; i < model.graph().getNodeCount(); i++) {
      int place = i;
      Bodies bodies = new Bodies(taken, (node, name, scope) -> collect(node, name, scope, place));
      bodies.within(model.graph().getNode(i), model.nodeNames().get(i), main);
    }
  }

  private NodeProto collect(NodeProto node, String name, ConstantScope scope, int place) {
    Product.of(node, name, scope)
        .filter(product -> product.reasonToSkip().isEmpty())
        .flatMap(Product::weight)
        .ifPresent(
            weight -> {
              places.put(name, place);
              weights.put(name, weight.name());
              shapes.put(weight.name(), TensorCodec.shape(weight.tensor()));
            });
    return node;
  }

  /** Returns the index of the main graph's node whose body contains a product. */
  Optional<Integer> place(String consumer) {
    return Optional.ofNullable(places.get(consumer));
  }

  /** Shape of a weight of such a product. */
  Optional<Shape> shape(String weight) {
    return Optional.ofNullable(shapes.get(weight));
  }

  /** Makes a product read a tensor of the main graph instead of its weight. */
  void redirect(TensorPlan plan, String consumer, String to) {
    PlannedGraph.require(
        plan.tensor().equals(weights.get(consumer)),
        plan,
        "node '" + consumer + "' does not read it");
    redirected.put(consumer, to);
  }

  /** Returns the main graph's node at an index, with the current inputs of its bodies. */
  NodeProto rewritten(int index, NodeProto current) {
    if (redirected.isEmpty()) {
      return current;
    }
    Bodies bodies =
        new Bodies(
            taken,
            (node, name, scope) ->
                redirected.containsKey(name)
                    ? node.toBuilder()
                        .setInput(
                            Product.of(node, name, scope).orElseThrow().weightIndex(),
                            redirected.get(name))
                        .build()
                    : node);
    return bodies.within(current, model.nodeNames().get(index), main);
  }
}
