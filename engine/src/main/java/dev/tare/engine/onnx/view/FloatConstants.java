package dev.tare.engine.onnx.view;

import dev.tare.engine.graph.FloatConstant;
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
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Finds the floating-point constants that operators read, also in bodies. */
final class FloatConstants {

  private static final Set<String> ARITHMETIC =
      Set.of(
          "Add",
          "Sub",
          "Mul",
          "Div",
          "Pow",
          "Max",
          "Min",
          "Where",
          "Clip",
          "PRelu",
          "Sum",
          "Mean",
          "Equal",
          "Greater",
          "GreaterOrEqual",
          "Less",
          "LessOrEqual",
          "BatchNormalization",
          "GroupNormalization",
          "InstanceNormalization",
          "LayerNormalization",
          "RMSNormalization",
          "SimplifiedLayerNormalization",
          "com.microsoft.BiasGelu",
          "com.microsoft.FastGelu",
          "com.microsoft.SkipLayerNormalization",
          "com.microsoft.SkipSimplifiedLayerNormalization");

  private static final Set<String> BIASED =
      Set.of("Conv", "ConvTranspose", "Gemm", "com.microsoft.FusedConv", "com.microsoft.FusedGemm");

  private final Map<String, TensorProto> tensors = new LinkedHashMap<>();
  private final Map<String, List<FloatConstant.Reader>> readers = new LinkedHashMap<>();

  private FloatConstants() {}

  /**
   * @param names unique names of the nodes
   */
  static List<FloatConstant> of(GraphProto graph, Constants constants, List<String> names) {
    FloatConstants found = new FloatConstants();
    ConstantScope scope = ConstantScope.ofMain(graph, constants);
    Bodies bodies = new Bodies(new FreshNames(graph), found::visit);
    for (int i = 0; i < graph.getNodeCount(); i++) {
      found.visit(graph.getNode(i), names.get(i), scope);
      bodies.within(graph.getNode(i), names.get(i), scope);
    }
    List<FloatConstant> all = new ArrayList<>();
    found.tensors.forEach(
        (name, tensor) ->
            all.add(
                new FloatConstant(
                    name,
                    TensorCodec.dtype(tensor.getDataType()).orElseThrow(),
                    TensorCodec.shape(tensor),
                    found.readers.get(name))));
    return all;
  }

  private NodeProto visit(NodeProto node, String name, ConstantScope scope) {
    // A reader of an Identity of a constant is a reader of the constant.
    if (Nodes.is(node, "Identity")) {
      return node;
    }
    for (int i = 0; i < node.getInputCount(); i++) {
      Optional<ConstantScope.Found> found = scope.find(node.getInput(i)).filter(this::isFloat);
      if (found.isPresent()) {
        add(found.get(), node, name, i, scope);
      }
    }
    return node;
  }

  private boolean isFloat(ConstantScope.Found found) {
    return TensorCodec.dtype(found.tensor().getDataType()).filter(DType::isFloat).isPresent();
  }

  private void add(
      ConstantScope.Found found, NodeProto node, String name, int input, ConstantScope scope) {
    tensors.putIfAbsent(found.name(), found.tensor());
    List<FloatConstant.Reader> known =
        readers.computeIfAbsent(found.name(), k -> new ArrayList<>());
    if (known.stream().noneMatch(reader -> reader.node().equals(name))) {
      String type = (Nodes.isStandard(node) ? "" : node.getDomain() + ".") + node.getOpType();
      known.add(
          new FloatConstant.Reader(
              name, type, input, reason(node, name, input, scope), isArithmetic(type, input)));
    }
  }

  private static boolean isArithmetic(String opType, int input) {
    return ARITHMETIC.contains(opType) || (BIASED.contains(opType) && input > 1);
  }

  private static Optional<String> reason(
      NodeProto node, String name, int input, ConstantScope scope) {
    if (Nodes.is(node, "Gather") && input == 0) {
      return Optional.of(
          "a Gather takes quantized rows by computed indices from a table of float32, with rows"
              + " along axis 0, in the main graph");
    }
    return Product.of(node, name, scope)
        .flatMap(
            product ->
                input > 1
                    ? Optional.of("a bias is no vector of the output channels, or has factors")
                    : product.weight().isEmpty()
                        ? Optional.of("it is the left operand, which only MatMul may have constant")
                        : product.reasonToSkip());
  }
}
