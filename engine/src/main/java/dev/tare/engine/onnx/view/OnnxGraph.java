package dev.tare.engine.onnx.view;

import dev.tare.engine.graph.Activations;
import dev.tare.engine.graph.AttentionResult;
import dev.tare.engine.graph.EmbeddingNode;
import dev.tare.engine.graph.FloatConstant;
import dev.tare.engine.graph.ModelGraph;
import dev.tare.engine.graph.QuantizableNode;
import dev.tare.engine.graph.SkippedNode;
import dev.tare.engine.graph.Topology;
import dev.tare.engine.observe.Patches;
import dev.tare.engine.onnx.OnnxModel;
import dev.tare.engine.onnx.graph.Bodies;
import dev.tare.engine.onnx.graph.ConstantScope;
import dev.tare.engine.onnx.graph.Constants;
import dev.tare.engine.onnx.graph.FreshNames;
import dev.tare.engine.onnx.graph.Nodes;
import dev.tare.engine.onnx.graph.TensorCodec;
import dev.tare.engine.onnx.proto.GraphProto;
import dev.tare.engine.onnx.proto.NodeProto;
import dev.tare.engine.onnx.proto.TensorProto;
import dev.tare.engine.tensor.DType;
import dev.tare.engine.tensor.Shape;
import dev.tare.engine.tensor.Tensor;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * An ONNX model as planning needs it: the constant weights of MatMul, Gemm, Conv and ConvTranspose,
 * and separately those of its subgraphs.
 *
 * <p>Immutable. Costs a walk through the model; constants are decoded on demand.
 */
public final class OnnxGraph implements ModelGraph {

  private final GraphProto graph;
  private final List<String> names;
  private final Constants constants;
  private final int opset;
  private final List<QuantizableNode> nodes = new ArrayList<>();
  private final List<EmbeddingNode> embeddings = new ArrayList<>();
  private final List<SkippedNode> skipped = new ArrayList<>();
  private final List<QuantizableNode> inSubgraphs = new ArrayList<>();
  private final Map<String, TensorProto> ofSubgraphs = new HashMap<>();

  /** Creates the graph of a model whose structure was checked. */
  public static OnnxGraph of(OnnxModel model) {
    return new OnnxGraph(model.graph(), model.constants(), model.nodeNames(), model.opset());
  }

  private OnnxGraph(GraphProto graph, Constants constants, List<String> names, int opset) {
    this.graph = graph;
    this.names = names;
    this.constants = constants;
    this.opset = opset;
    ConstantScope scope = ConstantScope.ofMain(graph, constants);
    for (int i = 0; i < graph.getNodeCount(); i++) {
      NodeProto node = graph.getNode(i);
      String name = names.get(i);
      Product.of(node, name, scope)
          .ifPresent(
              product ->
                  product
                      .reasonToSkip()
                      .ifPresentOrElse(
                          reason -> skipped.add(new SkippedNode(name, node.getOpType(), reason)),
                          () -> nodes.add(quantizable(product))));
      if (Nodes.is(node, "Gather")) {
        gather(node, name);
      }
    }
    if (graph.getNodeList().stream().anyMatch(node -> !Nodes.subgraphs(node).isEmpty())) {
      Bodies bodies = new Bodies(new FreshNames(graph), this::inBody);
      for (int i = 0; i < graph.getNodeCount(); i++) {
        bodies.within(graph.getNode(i), names.get(i), scope);
      }
    }
  }

  @Override
  public List<QuantizableNode> nodes() {
    return List.copyOf(nodes);
  }

  @Override
  public List<EmbeddingNode> embeddings() {
    return List.copyOf(embeddings);
  }

  @Override
  public List<QuantizableNode> inSubgraphs() {
    return List.copyOf(inSubgraphs);
  }

  @Override
  public Map<String, Patches> patches() {
    Map<String, Shape> weights = new HashMap<>();
    nodes.forEach(node -> weights.put(node.node(), node.weightShape()));
    Map<String, Patches> patches = new HashMap<>();
    for (int i = 0; i < names.size(); i++) {
      String name = names.get(i);
      if (weights.containsKey(name)) {
        ConvPatches.of(graph.getNode(i), weights.get(name))
            .ifPresent(own -> patches.put(name, own));
      }
    }
    return patches;
  }

  @Override
  public Map<String, AttentionResult> attention() {
    return new AttentionResults(graph, constants, names, opset).all();
  }

  @Override
  public Activations activations() {
    return GraphActivations.of(graph, constants);
  }

  @Override
  public Topology topology() {
    return GraphTopology.of(graph, constants, names);
  }

  @Override
  public List<FloatConstant> floatConstants() {
    return FloatConstants.of(graph, constants, names);
  }

  @Override
  public List<SkippedNode> skipped() {
    return List.copyOf(skipped);
  }

  @Override
  public Tensor constant(String name) {
    return TensorCodec.decode(
        constants
            .find(name)
            .or(() -> Optional.ofNullable(ofSubgraphs.get(name)))
            .orElseThrow(
                () -> new IllegalArgumentException("There is no constant '" + name + "'")));
  }

  private NodeProto inBody(NodeProto node, String name, ConstantScope scope) {
    Product.of(node, name, scope)
        .filter(product -> product.reasonToSkip().isEmpty())
        .map(this::quantizable)
        .ifPresent(inSubgraphs::add);
    return node;
  }

  private QuantizableNode quantizable(Product product) {
    product.constants().stream()
        .filter(found -> !constants.contains(found.name()))
        .forEach(found -> ofSubgraphs.put(found.name(), found.tensor()));
    return product.quantizable();
  }

  private void gather(NodeProto node, String name) {
    Optional<String> table = constants.resolve(Nodes.input(node, 0));
    if (table.isEmpty()
        || Nodes.intAttribute(node, "axis", 0) != 0
        || constants.resolve(Nodes.input(node, 1)).isPresent()) {
      return;
    }
    TensorProto tensor = constants.find(table.get()).orElseThrow();
    Shape shape = TensorCodec.shape(tensor);
    if (tensor.getDataType() == DType.FLOAT32.onnxCode()
        && TensorCodec.held(tensor)
        && shape.rank() > 1
        && shape.size() > 0) {
      embeddings.add(new EmbeddingNode(name, "Gather", table.get(), shape));
    }
  }
}
