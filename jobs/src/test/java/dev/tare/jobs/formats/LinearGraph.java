package dev.tare.jobs.formats;

import dev.tare.engine.graph.Activations;
import dev.tare.engine.graph.GraphNode;
import dev.tare.engine.graph.ModelGraph;
import dev.tare.engine.graph.QuantizableNode;
import dev.tare.engine.graph.Topology;
import dev.tare.engine.tensor.Shape;
import dev.tare.engine.tensor.Tensor;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Layers as planning sees them. */
final class LinearGraph implements ModelGraph {

  private final LinearModel model;

  LinearGraph(LinearModel model) {
    this.model = model;
  }

  @Override
  public List<QuantizableNode> nodes() {
    return model.layers().stream().map(Layer::quantizable).toList();
  }

  @Override
  public Activations activations() {
    Map<String, Integer> axes = new HashMap<>();
    tensors().forEach(tensor -> axes.put(tensor, -1));
    Set<String> read = new HashSet<>();
    model.layers().forEach(layer -> read.add(layer.input()));
    return new Activations(tensors(), read, axes);
  }

  private Set<String> tensors() {
    Set<String> tensors = new HashSet<>();
    for (Layer layer : model.layers()) {
      tensors.add(layer.input());
      tensors.add(layer.output());
    }
    return tensors;
  }

  @Override
  public Topology topology() {
    List<GraphNode> nodes = model.layers().stream().map(Layer::node).toList();
    Map<String, String> constants = new HashMap<>();
    for (Layer layer : model.layers()) {
      constants.put(layer.weightName(), layer.weightName());
      constants.put(layer.biasName(), layer.biasName());
    }
    return new Topology(
        nodes,
        tensors(),
        constants,
        Set.of(model.layers().get(0).input()),
        Set.copyOf(model.given()));
  }

  @Override
  public Tensor constant(String name) {
    for (Layer layer : model.layers()) {
      if (name.equals(layer.weightName())) {
        return Tensor.ofFloats(layer.weightShape(), layer.weight());
      }
      if (name.equals(layer.biasName())) {
        return Tensor.ofFloats(Shape.of(layer.out()), layer.bias());
      }
    }
    throw new IllegalArgumentException("There is no constant '" + name + "'");
  }
}
