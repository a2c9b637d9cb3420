package dev.tare.engine.onnx.view;

import dev.tare.engine.onnx.OnnxModel;
import dev.tare.engine.onnx.graph.Nodes;
import dev.tare.engine.onnx.proto.AttributeProto;
import dev.tare.engine.onnx.proto.GraphProto;
import dev.tare.engine.onnx.proto.NodeProto;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Whether shapes inside a model depend on the values of its inputs, as after NonZero or
 * NonMaxSuppression: rows can then not be assigned to the samples of a batch.
 *
 * <p>Shapes computed from input shapes, as by Shape, Gather and Reshape, do not count. Operators of
 * other domains are assumed to depend on their inputs' shapes only.
 */
public final class ValueShapes {

  /** The operands whose values determine the shape of an operator's outputs. */
  private static final Map<String, List<Integer>> DECIDING =
      Map.ofEntries(
          Map.entry("NonZero", List.of(0)),
          Map.entry("NonMaxSuppression", List.of(0, 1, 2, 3, 4)),
          Map.entry("Compress", List.of(1)),
          Map.entry("Unique", List.of(0)),
          Map.entry("Range", List.of(0, 1, 2)),
          Map.entry("ConstantOfShape", List.of(0)),
          Map.entry("Expand", List.of(1)),
          Map.entry("Reshape", List.of(1)),
          Map.entry("Tile", List.of(1)),
          Map.entry("Slice", List.of(1, 2, 3, 4)),
          Map.entry("Pad", List.of(1, 3)),
          Map.entry("CenterCropPad", List.of(1)),
          Map.entry("Resize", List.of(2, 3)),
          Map.entry("Upsample", List.of(1)),
          Map.entry("TopK", List.of(1)),
          Map.entry("OneHot", List.of(1)),
          Map.entry("Split", List.of(1)),
          Map.entry("SplitToSequence", List.of(1)),
          Map.entry("MaxUnpool", List.of(2)),
          Map.entry("DFT", List.of(1)),
          Map.entry("STFT", List.of(1, 3)),
          Map.entry("If", List.of(0)),
          Map.entry("Loop", List.of(0, 1)),
          Map.entry("SequenceAt", List.of(1)),
          Map.entry("StringSplit", List.of(0)));

  private ValueShapes() {}

  /** Whether any shape depends on values. */
  public static boolean in(OnnxModel model) {
    Set<String> fed = new HashSet<>();
    model.inputs().forEach(input -> fed.add(input.name()));
    return in(model.graph(), fed);
  }

  /**
   * @param fed tensors whose values depend on the model's inputs; those of the graph are added
   */
  private static boolean in(GraphProto graph, Set<String> fed) {
    for (NodeProto node : graph.getNodeList()) {
      if (Nodes.domain(node.getDomain()).isEmpty()) {
        for (int operand : DECIDING.getOrDefault(node.getOpType(), List.of())) {
          if (operand < node.getInputCount() && fed.contains(node.getInput(operand))) {
            return true;
          }
        }
      }
      boolean reads = node.getInputList().stream().anyMatch(fed::contains);
      for (AttributeProto attribute : node.getAttributeList()) {
        if (attribute.hasG()) {
          GraphProto body = attribute.getG();
          Set<String> inside = new HashSet<>(fed);
          // The first two inputs of a Loop are its trip count and condition; all others are carried
          // values.
          int carried = node.getOpType().equals("Loop") ? 2 : 0;
          for (int i = reads ? carried : body.getInputCount(); i < body.getInputCount(); i++) {
            inside.add(body.getInput(i).getName());
          }
          int before = inside.size();
          if (in(body, inside) || endsByValue(node, body, inside)) {
            return true;
          }
          reads |= inside.size() > before;
        }
      }
      if (reads && !node.getOpType().equals("Shape") && !node.getOpType().equals("Size")) {
        fed.addAll(node.getOutputList());
        fed.remove("");
      }
    }
    return false;
  }

  /** A Loop runs while the first output of its body is true. */
  private static boolean endsByValue(NodeProto node, GraphProto body, Set<String> fed) {
    return node.getOpType().equals("Loop")
        && body.getOutputCount() > 0
        && fed.contains(body.getOutput(0).getName());
  }
}
