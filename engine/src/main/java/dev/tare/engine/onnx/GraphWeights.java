package dev.tare.engine.onnx;

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
import java.util.List;
import java.util.Optional;

/** Finds the constant weights of a graph; subgraphs are not looked into. */
final class GraphWeights implements WeightSource {

  private final Constants constants;
  private final List<QuantizableNode> nodes = new ArrayList<>();
  private final List<EmbeddingNode> embeddings = new ArrayList<>();
  private final List<SkippedNode> skipped = new ArrayList<>();

  GraphWeights(GraphProto graph, Constants constants, List<String> names) {
    this.constants = constants;
    for (int i = 0; i < graph.getNodeCount(); i++) {
      NodeProto node = graph.getNode(i);
      if (Nodes.isStandard(node)) {
        switch (node.getOpType()) {
          case "MatMul" -> matMul(node, names.get(i));
          case "Gemm" -> gemm(node, names.get(i));
          case "Conv" -> conv(node, names.get(i));
          case "Gather" -> gather(node, names.get(i));
          default -> {}
        }
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

  List<SkippedNode> skipped() {
    return List.copyOf(skipped);
  }

  @Override
  public Tensor constant(String name) {
    return TensorCodec.decode(
        constants
            .find(name)
            .orElseThrow(
                () -> new IllegalArgumentException("There is no constant '" + name + "'")));
  }

  private void matMul(NodeProto node, String name) {
    int weight = constants.resolve(Nodes.input(node, 1)).isPresent() ? 1 : 0;
    add(node, name, weight, weight == 1 ? -1 : -2, false);
  }

  private void gemm(NodeProto node, String name) {
    boolean transposes = Nodes.intAttribute(node, "transB", 0) != 0;
    // ONNX Runtime's QGemm takes an int32 bias at the scale of the accumulator, which alpha and
    // beta would change: such a bias stays float.
    boolean plain =
        Nodes.floatAttribute(node, "alpha", 1f) == 1f
            && Nodes.floatAttribute(node, "beta", 1f) == 1f;
    add(node, name, 1, transposes ? 0 : 1, plain);
  }

  private void conv(NodeProto node, String name) {
    add(node, name, 1, 0, true);
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

  private void add(NodeProto node, String name, int weightIndex, int axis, boolean mayHaveBias) {
    Optional<String> weight = constants.resolve(Nodes.input(node, weightIndex));
    String input = Nodes.input(node, 1 - weightIndex);
    if (weight.isEmpty()) {
      skip(node, name, "no operand is a constant weight");
      return;
    }
    if (constants.resolve(input).isPresent()) {
      skip(node, name, "both operands are constant");
      return;
    }
    TensorProto tensor = constants.find(weight.get()).orElseThrow();
    if (tensor.getDataType() != DType.FLOAT32.onnxCode()) {
      String type = TensorCodec.dtype(tensor.getDataType()).map(DType::name).orElse("of no type");
      skip(node, name, "weight '" + weight.get() + "' is " + type + ", not FLOAT32");
      return;
    }
    Shape shape = TensorCodec.shape(tensor);
    if (shape.rank() < 2 || shape.size() == 0) {
      skip(node, name, "weight '" + weight.get() + "' has shape " + shape);
      return;
    }
    int weightAxis = shape.normalizeAxis(axis);
    Optional<String> bias =
        mayHaveBias ? bias(Nodes.input(node, 2), shape.dim(weightAxis)) : Optional.empty();
    nodes.add(
        new QuantizableNode(
            name,
            node.getOpType(),
            input,
            1 - weightIndex,
            weight.get(),
            weightIndex,
            shape,
            weightAxis,
            bias));
  }

  private Optional<String> bias(String name, long channels) {
    return constants
        .resolve(name)
        .filter(
            bias -> {
              TensorProto tensor = constants.find(bias).orElseThrow();
              return tensor.getDataType() == DType.FLOAT32.onnxCode()
                  && tensor.getDimsList().equals(List.of(channels));
            });
  }

  private void skip(NodeProto node, String name, String reason) {
    skipped.add(new SkippedNode(name, node.getOpType(), reason));
  }
}
