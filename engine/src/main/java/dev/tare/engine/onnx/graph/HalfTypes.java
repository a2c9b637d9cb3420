package dev.tare.engine.onnx.graph;

import dev.tare.engine.onnx.proto.AttributeProto;
import dev.tare.engine.onnx.proto.GraphProto;
import dev.tare.engine.onnx.proto.NodeProto;
import dev.tare.engine.onnx.proto.TensorProto;
import dev.tare.engine.onnx.proto.TypeProto;
import dev.tare.engine.onnx.proto.ValueInfoProto;
import dev.tare.engine.tensor.DType;
import java.util.Collections;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Where a graph names types of 16-bit floats: constants, declarations, and attributes that are an
 * element type. What operators compute follows from these.
 */
public final class HalfTypes {

  /** Attributes of any operator whose integer is an element type. */
  private static final Set<String> TYPES =
      Set.of(
          "to",
          "dtype",
          "output_datatype",
          "output_dtype",
          "stash_type",
          "precision",
          "softmax_precision");

  private final EnumSet<DType> found = EnumSet.noneOf(DType.class);

  private HalfTypes() {}

  /** Returns the types of 16-bit floats that a graph or its bodies name; costs a walk. */
  public static Set<DType> in(GraphProto graph) {
    HalfTypes types = new HalfTypes();
    types.add(graph);
    return Collections.unmodifiableSet(types.found);
  }

  public static boolean isHalf(int code) {
    return code == DType.FLOAT16.onnxCode() || code == DType.BFLOAT16.onnxCode();
  }

  /** Whether the integer of an attribute is an element type, and one of 16-bit floats. */
  public static boolean named(AttributeProto attribute) {
    return TYPES.contains(attribute.getName())
        && (attribute.getI() == DType.FLOAT16.onnxCode()
            || attribute.getI() == DType.BFLOAT16.onnxCode());
  }

  private void add(GraphProto graph) {
    for (TensorProto tensor : graph.getInitializerList()) {
      add(tensor.getDataType());
    }
    for (List<ValueInfoProto> infos :
        List.of(graph.getInputList(), graph.getOutputList(), graph.getValueInfoList())) {
      infos.forEach(info -> add(info.getType()));
    }
    for (NodeProto node : graph.getNodeList()) {
      node.getAttributeList().forEach(this::add);
      Nodes.subgraphs(node).forEach(this::add);
    }
  }

  private void add(AttributeProto attribute) {
    if (named(attribute)) {
      add((int) attribute.getI());
    }
    if (attribute.hasT()) {
      add(attribute.getT().getDataType());
    }
    attribute.getTensorsList().forEach(tensor -> add(tensor.getDataType()));
    if (attribute.hasTp()) {
      add(attribute.getTp());
    }
    attribute.getTypeProtosList().forEach(this::add);
  }

  private void add(TypeProto type) {
    Optional<TypeProto> inner = element(type);
    if (inner.isPresent()) {
      add(inner.get());
    } else {
      add(type.getTensorType().getElemType());
    }
  }

  /** The type of what a sequence or an optional holds. */
  private static Optional<TypeProto> element(TypeProto type) {
    if (type.hasSequenceType()) {
      return Optional.of(type.getSequenceType().getElemType());
    }
    return type.hasOptionalType()
        ? Optional.of(type.getOptionalType().getElemType())
        : Optional.empty();
  }

  private void add(int code) {
    if (isHalf(code)) {
      found.add(DType.ofOnnxCode(code));
    }
  }
}
