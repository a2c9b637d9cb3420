package dev.tare.engine.onnx.graph;

import dev.tare.engine.onnx.proto.AttributeProto;
import dev.tare.engine.onnx.proto.GraphProto;
import dev.tare.engine.onnx.proto.NodeProto;
import dev.tare.engine.onnx.proto.TensorProto;
import dev.tare.engine.tensor.DType;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Constants of a graph by name: initializers, Constant nodes, and Identity of either. */
public final class Constants {

  private final Map<String, TensorProto> tensors;
  private final Map<String, String> aliases;

  private Constants(Map<String, TensorProto> tensors, Map<String, String> aliases) {
    this.tensors = tensors;
    this.aliases = aliases;
  }

  public static Constants of(GraphProto graph) {
    Map<String, TensorProto> tensors = new LinkedHashMap<>();
    Map<String, String> aliases = new HashMap<>();
    graph.getInitializerList().forEach(t -> tensors.put(t.getName(), t));
    for (NodeProto node : graph.getNodeList()) {
      if (node.getOutputCount() == 0) {
        continue;
      }
      if (Nodes.is(node, "Constant")) {
        value(node).ifPresent(t -> tensors.put(node.getOutput(0), t));
      } else if (Nodes.is(node, "Identity")) {
        aliases.put(node.getOutput(0), Nodes.input(node, 0));
      }
    }
    return new Constants(tensors, aliases);
  }

  private static Optional<TensorProto> value(NodeProto node) {
    return node.getAttributeList().stream().flatMap(a -> value(a).stream()).findFirst();
  }

  /** Strings and sparse values are left out: nothing here computes with them. */
  private static Optional<TensorProto> value(AttributeProto attribute) {
    return switch (attribute.getName()) {
      case "value" -> Optional.of(attribute.getT());
      case "value_float" -> Optional.of(TensorCodec.floats("", List.of(), attribute.getF()));
      case "value_floats" ->
          Optional.of(
              builder(TensorProto.DataType.FLOAT)
                  .addDims(attribute.getFloatsCount())
                  .addAllFloatData(attribute.getFloatsList())
                  .build());
      case "value_int" ->
          Optional.of(builder(TensorProto.DataType.INT64).addInt64Data(attribute.getI()).build());
      case "value_ints" -> Optional.of(TensorCodec.longs("", attribute.getIntsList()));
      default -> Optional.empty();
    };
  }

  private static TensorProto.Builder builder(TensorProto.DataType type) {
    return TensorProto.newBuilder().setDataType(type.getNumber());
  }

  /** Resolves a tensor to the constant it equals, through Identity nodes. */
  public Optional<String> resolve(String name) {
    String end = followed(name);
    return tensors.containsKey(end) ? Optional.of(end) : Optional.empty();
  }

  /**
   * Follows Identity nodes from a tensor to a constant, or to the first name that is not an alias.
   */
  String followed(String name) {
    String current = name;
    // At most one step for each alias: a chain longer than that is a cycle.
    for (int step = 0; step <= aliases.size() && !tensors.containsKey(current); step++) {
      if (!aliases.containsKey(current)) {
        return current;
      }
      current = aliases.get(current);
    }
    return current;
  }

  public boolean contains(String name) {
    return tensors.containsKey(name);
  }

  public Optional<TensorProto> find(String name) {
    return Optional.ofNullable(tensors.get(name));
  }

  /** Returns the 64-bit integers of a constant tensor, such as axes or a shape. */
  public Optional<List<Long>> longs(String name) {
    return resolve(name)
        .flatMap(this::find)
        .filter(t -> t.getDataType() == DType.INT64.onnxCode() && TensorCodec.held(t))
        .map(TensorCodec::decode)
        .map(t -> t.bytes().asLongBuffer())
        .map(
            values -> {
              List<Long> list = new ArrayList<>(values.remaining());
              while (values.hasRemaining()) {
                list.add(values.get());
              }
              return list;
            });
  }

  public Collection<TensorProto> all() {
    return Collections.unmodifiableCollection(tensors.values());
  }
}
