package dev.tare.engine.onnx;

import dev.tare.engine.onnx.proto.AttributeProto;
import dev.tare.engine.onnx.proto.GraphProto;
import dev.tare.engine.onnx.proto.ModelProto;
import dev.tare.engine.onnx.proto.NodeProto;
import dev.tare.engine.onnx.proto.OperatorSetIdProto;
import dev.tare.engine.onnx.proto.ValueInfoProto;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Raises a model to the standard operators of version 13, the first whose DequantizeLinear takes
 * one scale per channel, without changing what it computes.
 *
 * <p>Rules follow the changes that the ONNX changelog records between 7 and 13, subgraphs included;
 * a model at 13 or above stays as it is. Nodes keep the names that {@link OnnxModel#nodeNames}
 * gives, written into the model.
 */
public final class OpsetUpgrade {

  /** The opset that a rewritten model has at least. */
  public static final int TARGET = 13;

  private static final int IR_OF_TARGET = 7;

  private final String model;
  private final int from;
  private final FreshNames names;

  private OpsetUpgrade(String model, int from, FreshNames names) {
    this.model = model;
    this.from = from;
    this.names = names;
  }

  /**
   * The same computation in opset 13 or above; the model itself where it is there already.
   *
   * @throws InvalidModelException if an operator changed its meaning in a way that cannot be
   *     written in version 13; named in the message
   */
  public static OnnxModel upgrade(OnnxModel model) {
    if (model.opset() >= TARGET) {
      return model;
    }
    ModelProto.Builder proto = model.proto().toBuilder();
    FreshNames names = new FreshNames(proto.getGraph());
    GraphProto graph = Nodes.named(proto.getGraph(), model.nodeNames());
    proto.setGraph(new OpsetUpgrade(model.name(), model.opset(), names).upgrade(graph));
    if (proto.getIrVersion() < 4) {
      dropInitializersFromInputs(proto);
    }
    proto.setIrVersion(Math.max(proto.getIrVersion(), IR_OF_TARGET));
    for (int i = 0; i < proto.getOpsetImportCount(); i++) {
      OperatorSetIdProto opset = proto.getOpsetImport(i);
      if (Nodes.domain(opset.getDomain()).isEmpty()) {
        proto.setOpsetImport(i, opset.toBuilder().setVersion(TARGET));
      }
    }
    return model.with(proto.build());
  }

  /** Up to IR 3 every initializer was listed as an input; since IR 4 that makes it variable. */
  private static void dropInitializersFromInputs(ModelProto.Builder proto) {
    GraphProto.Builder graph = proto.getGraph().toBuilder();
    Set<String> initializers = new HashSet<>();
    graph.getInitializerList().forEach(t -> initializers.add(t.getName()));
    List<ValueInfoProto> inputs =
        graph.getInputList().stream().filter(i -> !initializers.contains(i.getName())).toList();
    proto.setGraph(graph.clearInput().addAllInput(inputs));
  }

  private GraphProto upgrade(GraphProto graph) {
    GraphRewrite rewrite = new GraphRewrite(graph, Constants.of(graph), names);
    for (NodeProto node : graph.getNodeList()) {
      upgrade(upgradeSubgraphs(node), rewrite);
    }
    return rewrite.build();
  }

  private NodeProto upgradeSubgraphs(NodeProto node) {
    if (Nodes.subgraphs(node).isEmpty()) {
      return node;
    }
    NodeProto.Builder builder = node.toBuilder();
    for (int i = 0; i < node.getAttributeCount(); i++) {
      AttributeProto.Builder attribute = node.getAttribute(i).toBuilder();
      if (attribute.hasG()) {
        attribute.setG(upgrade(attribute.getG()));
      }
      for (int g = 0; g < attribute.getGraphsCount(); g++) {
        attribute.setGraphs(g, upgrade(attribute.getGraphs(g)));
      }
      builder.setAttribute(i, attribute);
    }
    return builder.build();
  }

  private void upgrade(NodeProto node, GraphRewrite rewrite) {
    // The runtime refuses a node without inputs or outputs that it needs.
    if (!Nodes.isStandard(node) || node.getInputCount() == 0 || node.getOutputCount() == 0) {
      rewrite.add(node);
      return;
    }
    NodeProto current = node;
    if (from < 11) {
      current = new LegacyOperators(model, from, rewrite).upgrade(current);
    }
    switch (current.getOpType()) {
      case "Squeeze", "Unsqueeze", "ReduceSum" ->
          rewrite.add(attributeToInput(current, "axes", rewrite));
      case "Split" -> rewrite.add(attributeToInput(current, "split", rewrite));
      case "Dropout" -> rewrite.add(dropout(current, rewrite));
      case "Softmax", "LogSoftmax", "Hardmax" -> softmax(current, rewrite);
      default -> rewrite.add(current);
    }
  }

  /** 13: a list of integers moved from an attribute to the second input. */
  private static NodeProto attributeToInput(NodeProto node, String name, GraphRewrite rewrite) {
    Optional<AttributeProto> attribute = Nodes.attribute(node, name);
    if (attribute.isEmpty()) {
      return node;
    }
    String input = rewrite.longs(node, name, attribute.get().getIntsList());
    return Nodes.withoutAttribute(node, name).addInput(input).build();
  }

  /** 12: the ratio became an input; without training_mode it stays an identity. */
  private static NodeProto dropout(NodeProto node, GraphRewrite rewrite) {
    Optional<AttributeProto> ratio = Nodes.attribute(node, "ratio");
    if (ratio.isEmpty()) {
      return node;
    }
    String input = rewrite.scalar(node, "ratio", ratio.get().getF());
    return Nodes.withoutAttribute(node, "ratio").addInput(input).build();
  }

  /**
   * 13: softmax runs along one axis; before, over all axes from the given one on, as if the tensor
   * were a matrix. The two agree for the last axis; otherwise the matrix is made.
   */
  private static void softmax(NodeProto node, GraphRewrite rewrite) {
    long axis = Nodes.intAttribute(node, "axis", 1);
    NodeProto.Builder last =
        Nodes.withoutAttribute(node, "axis").addAttribute(Nodes.intAttribute("axis", -1));
    if (axis == -1 || rewrite.rank(node.getInput(0)).filter(r -> axis == r - 1).isPresent()) {
      rewrite.add(last.build());
      return;
    }
    String shape = rewrite.node("Shape", node, "shape", node.getInput(0));
    String matrix =
        rewrite.node("Flatten", node, "matrix", Nodes.intAttribute("axis", axis), node.getInput(0));
    String result = rewrite.tensor(node, "result");
    rewrite.add(last.setInput(0, matrix).setOutput(0, result).build());
    rewrite.add(
        NodeProto.newBuilder()
            .setName(rewrite.tensor(node, "Reshape"))
            .setOpType("Reshape")
            .addInput(result)
            .addInput(shape)
            .addOutput(node.getOutput(0))
            .build());
  }
}
