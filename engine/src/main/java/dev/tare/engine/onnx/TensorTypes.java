package dev.tare.engine.onnx;

import dev.tare.engine.onnx.proto.AttributeProto;
import dev.tare.engine.onnx.proto.GraphProto;
import dev.tare.engine.onnx.proto.NodeProto;
import dev.tare.engine.onnx.proto.TensorProto;
import dev.tare.engine.onnx.proto.ValueInfoProto;
import dev.tare.engine.tensor.DType;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Element types of a graph's tensors as far as operators and declarations tell them: enough to
 * leave out shape arithmetic and masks, not a full inference.
 */
final class TensorTypes {

  private static final Set<String> TO_INT64 =
      Set.of("Shape", "Size", "NonZero", "ArgMax", "ArgMin", "NonMaxSuppression");
  private static final Set<String> TO_BOOL =
      Set.of(
          "Equal",
          "Greater",
          "GreaterOrEqual",
          "Less",
          "LessOrEqual",
          "Not",
          "And",
          "Or",
          "Xor",
          "IsNaN",
          "IsInf");
  private static final Set<String> OPAQUE = Set.of("If", "Loop", "Scan", "Optional", "StringSplit");

  private final Map<String, Integer> codes = new HashMap<>();

  private TensorTypes() {}

  static TensorTypes of(GraphProto graph) {
    TensorTypes types = new TensorTypes();
    graph.getInitializerList().forEach(t -> types.codes.put(t.getName(), t.getDataType()));
    for (List<ValueInfoProto> infos :
        List.of(graph.getInputList(), graph.getValueInfoList(), graph.getOutputList())) {
      for (ValueInfoProto info : infos) {
        int code = info.getType().getTensorType().getElemType();
        if (code != 0) {
          types.codes.put(info.getName(), code);
        }
      }
    }
    graph.getNodeList().forEach(types::infer);
    return types;
  }

  /** True unless the tensor is known to hold something else than real numbers. */
  boolean mayBeFloat(String tensor) {
    Integer code = codes.get(tensor);
    return code == null || TensorCodec.dtype(code).filter(DType::isFloat).isPresent();
  }

  /** True where the tensor is known to hold 32-bit floats. */
  boolean isFloat(String tensor) {
    return codes.getOrDefault(tensor, 0) == DType.FLOAT32.onnxCode();
  }

  private void infer(NodeProto node) {
    if (node.getOutputCount() == 0 || !Nodes.isStandard(node)) {
      return;
    }
    String op = node.getOpType();
    if (TO_INT64.contains(op)) {
      put(node, 0, DType.INT64.onnxCode());
    } else if (TO_BOOL.contains(op)) {
      put(node, 0, DType.BOOL.onnxCode());
    } else if (op.equals("Cast")) {
      put(node, 0, (int) Nodes.intAttribute(node, "to", 0));
    } else if (op.equals("Constant")) {
      put(node, 0, constant(node));
    } else if (op.equals("ConstantOfShape")) {
      put(
          node,
          0,
          Nodes.attribute(node, "value")
              .map(a -> a.getT().getDataType())
              .orElse(DType.FLOAT32.onnxCode()));
    } else if (!OPAQUE.contains(op)) {
      int source = source(op);
      Integer code = codes.get(Nodes.input(node, source));
      if (code != null) {
        put(node, 0, code);
      }
      if (op.equals("TopK") || op.equals("MaxPool") || op.equals("Unique")) {
        put(node, 1, DType.INT64.onnxCode());
      } else if (op.equals("Dropout")) {
        put(node, 1, DType.BOOL.onnxCode());
      } else if (op.equals("Split") && code != null) {
        for (int i = 1; i < node.getOutputCount(); i++) {
          put(node, i, code);
        }
      }
    }
  }

  /** The input that gives the first output its type. */
  private static int source(String op) {
    return switch (op) {
      case "Where", "CastLike" -> 1;
      case "OneHot" -> 2;
      default -> 0;
    };
  }

  private static int constant(NodeProto node) {
    for (AttributeProto attribute : node.getAttributeList()) {
      if (attribute.hasT()) {
        return attribute.getT().getDataType();
      }
      if (attribute.getName().startsWith("value_int")) {
        return DType.INT64.onnxCode();
      }
      if (attribute.getName().startsWith("value_string")) {
        return TensorProto.DataType.STRING.getNumber();
      }
    }
    return DType.FLOAT32.onnxCode();
  }

  private void put(NodeProto node, int output, int code) {
    if (output < node.getOutputCount() && code != 0) {
      codes.putIfAbsent(node.getOutput(output), code);
    }
  }
}
