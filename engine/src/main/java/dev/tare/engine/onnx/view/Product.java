package dev.tare.engine.onnx.view;

import dev.tare.engine.graph.QuantizableNode;
import dev.tare.engine.onnx.graph.ConstantScope;
import dev.tare.engine.onnx.graph.Nodes;
import dev.tare.engine.onnx.graph.TensorCodec;
import dev.tare.engine.onnx.proto.NodeProto;
import dev.tare.engine.onnx.proto.TensorProto;
import dev.tare.engine.tensor.DType;
import dev.tare.engine.tensor.Shape;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/**
 * An operator that multiplies its first two inputs, in its graph.
 *
 * @param name unique name of the node
 * @param weightIndex the input that would be its weight
 * @param weightAxis the weight's axis of output channels, negative when counted from the end
 */
public record Product(
    NodeProto node, String name, ConstantScope scope, int weightIndex, int weightAxis) {

  public static final Set<String> OPERATORS = Set.of("MatMul", "Gemm", "Conv", "ConvTranspose");

  /** Reads a node; empty for other operators. */
  public static Optional<Product> of(NodeProto node, String name, ConstantScope scope) {
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

  /** Returns why its weight cannot be quantized; empty if it can. */
  public Optional<String> reasonToSkip() {
    Optional<ConstantScope.Found> weight = weight();
    if (weight.isEmpty()) {
      return Optional.of("no operand is a constant weight");
    }
    if (scope.find(input()).isPresent()) {
      return Optional.of("both operands are constant");
    }
    TensorProto tensor = weight.get().tensor();
    if (tensor.getDataType() != DType.FLOAT32.onnxCode()) {
      String type = TensorCodec.dtype(tensor.getDataType()).map(DType::name).orElse("of no type");
      return Optional.of("weight '" + weight.get().name() + "' is " + type + ", not FLOAT32");
    }
    if (!TensorCodec.held(tensor)) {
      return Optional.of("weight '" + weight.get().name() + "' has more than 2 GiB");
    }
    Shape shape = TensorCodec.shape(tensor);
    return shape.rank() < 2 || shape.size() == 0
        ? Optional.of("weight '" + weight.get().name() + "' has shape " + shape)
        : Optional.empty();
  }

  /** Returns the constant that it multiplies by; empty if there is none. */
  public Optional<ConstantScope.Found> weight() {
    return scope.find(Nodes.input(node, weightIndex));
  }

  private String input() {
    return Nodes.input(node, 1 - weightIndex);
  }

  private long groups() {
    return Nodes.is(node, "ConvTranspose") ? Nodes.intAttribute(node, "group", 1) : 1;
  }

  /** Returns the bias, if it is a constant vector of one number per output channel. */
  private Optional<ConstantScope.Found> bias() {
    Shape shape = TensorCodec.shape(weight().orElseThrow().tensor());
    long channels = shape.dim(shape.normalizeAxis(weightAxis)) * groups();
    return Optional.of(Nodes.input(node, 2))
        .flatMap(scope::find)
        .filter(bias -> bias.tensor().getDataType() == DType.FLOAT32.onnxCode())
        .filter(bias -> bias.tensor().getDimsList().equals(List.of(channels)));
  }

  private boolean scaledSum() {
    return Nodes.is(node, "Gemm")
        && (Nodes.floatAttribute(node, "alpha", 1f) != 1f
            || Nodes.floatAttribute(node, "beta", 1f) != 1f);
  }

  /** Returns weight and bias; only for a product that can be quantized, like the next method. */
  List<ConstantScope.Found> constants() {
    return Stream.concat(weight().stream(), bias().stream()).toList();
  }

  QuantizableNode quantizable() {
    ConstantScope.Found weight = weight().orElseThrow();
    Shape shape = TensorCodec.shape(weight.tensor());
    return OnnxNodes.node(
        name,
        node.getOpType(),
        scope.unique(input()),
        1 - weightIndex,
        weight.name(),
        weightIndex,
        shape,
        shape.normalizeAxis(weightAxis),
        bias().map(ConstantScope.Found::name),
        Nodes.is(node, "Conv") ? Nodes.intAttribute(node, "group", 1) : groups(),
        scaledSum());
  }
}
