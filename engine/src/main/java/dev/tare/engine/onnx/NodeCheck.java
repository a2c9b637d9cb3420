package dev.tare.engine.onnx;

import dev.tare.engine.model.InvalidModelException;
import dev.tare.engine.onnx.graph.Nodes;
import dev.tare.engine.onnx.proto.AttributeProto;
import dev.tare.engine.onnx.proto.AttributeProto.AttributeType;
import dev.tare.engine.onnx.proto.NodeProto;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Checks what later steps rely on: that a node has outputs, and types and bounds of its attributes.
 * Whether the inputs suit the operator is checked by the runtime.
 */
final class NodeCheck {

  /** Attributes that have the same type in all standard operators. */
  private static final Map<String, AttributeType> TYPES = new HashMap<>();

  private static final Map<String, Map<String, AttributeType>> OF_OPERATORS =
      Map.of(
          "Constant",
          Map.of(
              "value", AttributeType.TENSOR,
              "value_float", AttributeType.FLOAT,
              "value_floats", AttributeType.FLOATS,
              "value_int", AttributeType.INT,
              "value_ints", AttributeType.INTS),
          "ConstantOfShape",
          Map.of("value", AttributeType.TENSOR),
          "Pad",
          Map.of("value", AttributeType.FLOAT));

  static {
    types(AttributeType.INT, "axis", "batch_dims", "end", "group", "k", "keepdims", "num_groups");
    types(AttributeType.INT, "num_outputs", "spatial", "start", "to", "training_mode", "transA");
    types(AttributeType.INT, "transB");
    types(AttributeType.FLOAT, "alpha", "beta", "epsilon", "max", "min", "ratio");
    types(AttributeType.INTS, "axes", "dilations", "ends", "kernel_shape", "output_padding");
    types(AttributeType.INTS, "output_shape", "pads", "perm", "split", "starts", "strides");
    types(AttributeType.FLOATS, "scales");
    types(AttributeType.STRING, "auto_pad", "coordinate_transformation_mode", "direction");
    types(AttributeType.STRING, "equation", "mode", "nearest_mode");
    types(AttributeType.GRAPH, "body", "else_branch", "then_branch");
  }

  private static void types(AttributeType type, String... names) {
    for (String name : names) {
      TYPES.put(name, type);
    }
  }

  private final String model;

  NodeCheck(String model) {
    this.model = model;
  }

  /**
   * @param index position of the node in its graph
   * @throws InvalidModelException for the first fault found
   */
  void check(NodeProto node, int index) {
    Set<String> names = new HashSet<>();
    for (AttributeProto attribute : node.getAttributeList()) {
      if (!names.add(attribute.getName())) {
        throw refuse(node, index, "has the attribute '%s' twice".formatted(attribute.getName()));
      }
    }
    if (!Nodes.isStandard(node)) {
      return;
    }
    if (node.getOutputList().stream().allMatch(String::isEmpty)) {
      throw refuse(node, index, "has no outputs");
    }
    for (AttributeProto attribute : node.getAttributeList()) {
      type(node.getOpType(), attribute.getName())
          .filter(type -> type != attribute.getType() || !holds(attribute))
          .ifPresent(
              type -> {
                throw refuse(
                    node,
                    index,
                    "has the attribute '%s' of type %s, which should be %s"
                        .formatted(attribute.getName(), attribute.getType(), type));
              });
    }
    checkBounds(node, index);
  }

  private static Optional<AttributeType> type(String operator, String attribute) {
    return Optional.ofNullable(OF_OPERATORS.getOrDefault(operator, Map.of()).get(attribute))
        .or(() -> Optional.ofNullable(TYPES.get(attribute)));
  }

  private static boolean holds(AttributeProto attribute) {
    return switch (attribute.getType()) {
      case TENSOR -> attribute.hasT();
      case GRAPH -> attribute.hasG();
      default -> true;
    };
  }

  private void checkBounds(NodeProto node, int index) {
    boolean convolution =
        node.getOpType().equals("Conv") || node.getOpType().equals("ConvTranspose");
    long group = Nodes.intAttribute(node, "group", 1);
    if (convolution && (group < 1 || group > Integer.MAX_VALUE)) {
      throw refuse(node, index, "has %d groups".formatted(group));
    }
    for (String name : new String[] {"kernel_shape", "strides", "dilations"}) {
      Optional<Long> below =
          Nodes.attribute(node, name).stream()
              .flatMap(a -> a.getIntsList().stream())
              .filter(value -> value < 1)
              .findFirst();
      if (convolution && below.isPresent()) {
        throw refuse(node, index, "has %d in its attribute '%s'".formatted(below.get(), name));
      }
    }
  }

  private InvalidModelException refuse(NodeProto node, int index, String problem) {
    return new InvalidModelException(
        model, "node %d (%s '%s') %s".formatted(index, node.getOpType(), node.getName(), problem));
  }
}
