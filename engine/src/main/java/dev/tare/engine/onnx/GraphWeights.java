package dev.tare.engine.onnx;

import dev.tare.engine.onnx.proto.AttributeProto;
import dev.tare.engine.onnx.proto.GraphProto;
import dev.tare.engine.onnx.proto.NodeProto;
import dev.tare.engine.onnx.proto.TensorProto;
import dev.tare.engine.recipe.EmbeddingNode;
import dev.tare.engine.recipe.QuantizableNode;
import dev.tare.engine.recipe.WeightSource;
import dev.tare.engine.tensor.DType;
import dev.tare.engine.tensor.Shape;
import dev.tare.engine.tensor.Tensor;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Finds the constant weights of a graph, and apart from them those of its subgraphs. */
final class GraphWeights implements WeightSource {

  /** Operators that multiply their inputs. */
  static final Set<String> PRODUCTS = Set.of("MatMul", "Gemm", "Conv", "ConvTranspose");

  private final Constants constants;
  private final List<QuantizableNode> nodes = new ArrayList<>();
  private final List<EmbeddingNode> embeddings = new ArrayList<>();
  private final List<SkippedNode> skipped = new ArrayList<>();
  private final List<QuantizableNode> inSubgraphs = new ArrayList<>();
  private final Map<String, TensorProto> ofSubgraphs = new HashMap<>();

  /** A node in its graph, with where its weight stands and lies. */
  private record Product(
      NodeProto node, String name, ConstantScope scope, int weightIndex, int weightAxis) {}

  GraphWeights(GraphProto graph, Constants constants, List<String> names) {
    this.constants = constants;
    ConstantScope scope = ConstantScope.ofMain(graph, constants);
    for (int i = 0; i < graph.getNodeCount(); i++) {
      NodeProto node = graph.getNode(i);
      String name = names.get(i);
      product(node, name, scope)
          .ifPresent(
              product ->
                  reasonToSkip(product)
                      .ifPresentOrElse(
                          reason -> skipped.add(new SkippedNode(name, node.getOpType(), reason)),
                          () -> nodes.add(quantizable(product))));
      if (Nodes.is(node, "Gather")) {
        gather(node, name);
      }
    }
    if (graph.getNodeList().stream().anyMatch(node -> !Nodes.subgraphs(node).isEmpty())) {
      subgraphs(graph, names, scope, new FreshNames(graph));
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

  List<SkippedNode> skipped() {
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

  private void subgraphs(
      GraphProto graph, List<String> names, ConstantScope scope, FreshNames taken) {
    for (int i = 0; i < graph.getNodeCount(); i++) {
      for (AttributeProto attribute : graph.getNode(i).getAttributeList()) {
        String path = names.get(i) + "/" + attribute.getName();
        if (attribute.hasG()) {
          subgraph(attribute.getG(), path, scope, taken);
        }
        for (int g = 0; g < attribute.getGraphsCount(); g++) {
          subgraph(attribute.getGraphs(g), path + "/" + g, scope, taken);
        }
      }
    }
  }

  private void subgraph(GraphProto graph, String path, ConstantScope outer, FreshNames taken) {
    ConstantScope scope = outer.inner(graph, taken.freshPrefix(path));
    List<String> names = Nodes.names(graph.getNodeList());
    for (int i = 0; i < graph.getNodeCount(); i++) {
      product(graph.getNode(i), scope.own(names.get(i)), scope)
          .filter(product -> reasonToSkip(product).isEmpty())
          .map(this::quantizable)
          .ifPresent(inSubgraphs::add);
    }
    subgraphs(graph, names, scope, taken);
  }

  private static Optional<Product> product(NodeProto node, String name, ConstantScope scope) {
    if (!Nodes.isStandard(node)) {
      return Optional.empty();
    }
    return switch (node.getOpType()) {
      case "MatMul" -> {
        int weight = scope.find(Nodes.input(node, 1)).isPresent() ? 1 : 0;
        yield Optional.of(new Product(node, name, scope, weight, weight == 1 ? -1 : -2));
      }
      case "Gemm" -> {
        boolean transposes = Nodes.intAttribute(node, "transB", 0) != 0;
        yield Optional.of(new Product(node, name, scope, 1, transposes ? 0 : 1));
      }
      case "Conv" -> Optional.of(new Product(node, name, scope, 1, 0));
      case "ConvTranspose" -> Optional.of(new Product(node, name, scope, 1, 1));
      default -> Optional.empty();
    };
  }

  private static Optional<String> reasonToSkip(Product product) {
    NodeProto node = product.node();
    Optional<ConstantScope.Found> weight =
        product.scope().find(Nodes.input(node, product.weightIndex()));
    if (weight.isEmpty()) {
      return Optional.of("no operand is a constant weight");
    }
    if (product.scope().find(Nodes.input(node, 1 - product.weightIndex())).isPresent()) {
      return Optional.of("both operands are constant");
    }
    TensorProto tensor = weight.get().tensor();
    if (tensor.getDataType() != DType.FLOAT32.onnxCode()) {
      String type = TensorCodec.dtype(tensor.getDataType()).map(DType::name).orElse("of no type");
      return Optional.of("weight '" + weight.get().name() + "' is " + type + ", not FLOAT32");
    }
    Shape shape = TensorCodec.shape(tensor);
    return shape.rank() < 2 || shape.size() == 0
        ? Optional.of("weight '" + weight.get().name() + "' has shape " + shape)
        : Optional.empty();
  }

  private QuantizableNode quantizable(Product product) {
    NodeProto node = product.node();
    ConstantScope scope = product.scope();
    ConstantScope.Found weight = scope.find(Nodes.input(node, product.weightIndex())).orElseThrow();
    Shape shape = TensorCodec.shape(weight.tensor());
    int axis = shape.normalizeAxis(product.weightAxis());
    long groups = Nodes.is(node, "ConvTranspose") ? Nodes.intAttribute(node, "group", 1) : 1;
    Optional<ConstantScope.Found> bias = bias(node, scope, shape.dim(axis) * groups);
    if (!constants.contains(weight.name())) {
      ofSubgraphs.put(weight.name(), weight.tensor());
    }
    bias.filter(b -> !constants.contains(b.name()))
        .ifPresent(b -> ofSubgraphs.put(b.name(), b.tensor()));
    return new QuantizableNode(
        product.name(),
        node.getOpType(),
        scope.unique(Nodes.input(node, 1 - product.weightIndex())),
        1 - product.weightIndex(),
        weight.name(),
        product.weightIndex(),
        shape,
        axis,
        bias.map(ConstantScope.Found::name),
        groups == 1);
  }

  private static Optional<ConstantScope.Found> bias(
      NodeProto node, ConstantScope scope, long channels) {
    // ONNX Runtime's QGemm takes an int32 bias at the scale of the accumulator, which alpha and
    // beta would change: such a bias stays float.
    boolean plain =
        !Nodes.is(node, "Gemm")
            || (Nodes.floatAttribute(node, "alpha", 1f) == 1f
                && Nodes.floatAttribute(node, "beta", 1f) == 1f);
    return Optional.of(Nodes.input(node, 2))
        .filter(bias -> plain)
        .flatMap(scope::find)
        .filter(bias -> bias.tensor().getDataType() == DType.FLOAT32.onnxCode())
        .filter(bias -> bias.tensor().getDimsList().equals(List.of(channels)));
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
    if (tensor.getDataType() == DType.FLOAT32.onnxCode() && shape.rank() > 1 && shape.size() > 0) {
      embeddings.add(new EmbeddingNode(name, table.get(), shape));
    }
  }
}
