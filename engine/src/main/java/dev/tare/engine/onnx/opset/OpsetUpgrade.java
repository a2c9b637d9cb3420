package dev.tare.engine.onnx.opset;

import dev.tare.engine.model.InvalidModelException;
import dev.tare.engine.onnx.OnnxModel;
import dev.tare.engine.onnx.graph.Constants;
import dev.tare.engine.onnx.graph.FreshNames;
import dev.tare.engine.onnx.graph.Nodes;
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
 * Raises a model to a newer version of the standard operators without changing what it computes.
 *
 * <p>Rules follow the changes that the ONNX changelog records between 7 and 21, subgraphs included;
 * a model at the target or above is not changed. Nodes keep the names of {@link
 * OnnxModel#nodeNames}, written into the model.
 */
public final class OpsetUpgrade {

  /** The first opset whose DequantizeLinear accepts one scale per channel; needs IR version 7. */
  public static final int CHANNELS = 13;

  /**
   * The first opset with scales per block and with integers of 4 and 16 bits; needs IR version 10.
   */
  public static final int BLOCKS = 21;

  /** Up to this version of the file format every initializer is also an input. */
  public static final int IR_WITH_INITIALIZERS_AS_INPUTS = 3;

  private final String model;
  private final int from;
  private final int target;
  private final FreshNames names;

  private OpsetUpgrade(String model, int from, int target, FreshNames names) {
    this.model = model;
    this.from = from;
    this.target = target;
    this.names = names;
  }

  /**
   * Converts a model to opset {@link #CHANNELS} or above; returns the model itself if it already
   * is.
   *
   * @throws InvalidModelException if an operator's meaning changed so that it cannot be expressed
   *     in version 13; named in the message
   */
  public static OnnxModel upgrade(OnnxModel model) {
    return upgrade(model, CHANNELS);
  }

  /**
   * Converts a model to the target opset or above; returns the model itself if it already is.
   *
   * @param target from {@link #CHANNELS} to {@link #BLOCKS}
   * @throws InvalidModelException if an operator's meaning changed so that it cannot be expressed
   *     in the target version; named in the message
   * @throws IllegalArgumentException if the target is any other opset
   */
  public static OnnxModel upgrade(OnnxModel model, int target) {
    if (target < CHANNELS || target > BLOCKS) {
      throw new IllegalArgumentException(
          "Cannot raise a model to opset %d: only to %d to %d".formatted(target, CHANNELS, BLOCKS));
    }
    if (model.opset() >= target) {
      return model;
    }
    ModelProto.Builder proto = model.proto().toBuilder();
    FreshNames names = new FreshNames(proto.getGraph());
    GraphProto graph = Nodes.named(proto.getGraph(), model.nodeNames());
    proto.setGraph(new OpsetUpgrade(model.name(), model.opset(), target, names).upgrade(graph));
    if (proto.getIrVersion() <= IR_WITH_INITIALIZERS_AS_INPUTS) {
      dropInitializersFromInputs(proto);
    }
    proto.setIrVersion(Math.max(proto.getIrVersion(), irVersion(target)));
    for (int i = 0; i < proto.getOpsetImportCount(); i++) {
      OperatorSetIdProto opset = proto.getOpsetImport(i);
      if (Nodes.domain(opset.getDomain()).isEmpty()) {
        proto.setOpsetImport(i, opset.toBuilder().setVersion(target));
      }
    }
    return model.with(proto.build());
  }

  /** The version of the file format that came with an opset, from 13 on. */
  private static int irVersion(int opset) {
    if (opset >= BLOCKS) {
      return 10;
    }
    return opset >= 19 ? 9 : opset >= 15 ? 8 : 7;
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
      upgrade(Nodes.withSubgraphs(node, this::upgrade), rewrite);
    }
    return rewrite.build();
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
    if (from < CHANNELS) {
      current =
          switch (current.getOpType()) {
            case "Squeeze", "Unsqueeze", "ReduceSum" -> rewrite.attributeToInput(current, "axes");
            case "Split" -> rewrite.attributeToInput(current, "split");
            case "Dropout" -> dropout(current, rewrite);
            case "Softmax", "LogSoftmax", "Hardmax" -> softmax(current, rewrite);
            default -> current;
          };
    }
    if (target > CHANNELS) {
      current = new ModernOperators(model, from, target, rewrite).upgrade(current);
    }
    rewrite.add(current);
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
   * were a matrix. The two agree for the last axis; otherwise nodes that reshape to a matrix are
   * added.
   */
  private static NodeProto softmax(NodeProto node, GraphRewrite rewrite) {
    long axis = Nodes.intAttribute(node, "axis", 1);
    NodeProto.Builder last =
        Nodes.withoutAttribute(node, "axis").addAttribute(Nodes.intAttribute("axis", -1));
    if (axis == -1 || rewrite.rank(node.getInput(0)).filter(r -> axis == r - 1).isPresent()) {
      return last.build();
    }
    String shape = rewrite.node("Shape", node, "shape", node.getInput(0));
    String matrix =
        rewrite.node("Flatten", node, "matrix", Nodes.intAttribute("axis", axis), node.getInput(0));
    String result = rewrite.tensor(node, "result");
    rewrite.add(last.setInput(0, matrix).setOutput(0, result).build());
    return NodeProto.newBuilder()
        .setName(rewrite.tensor(node, "Reshape"))
        .setOpType("Reshape")
        .addInput(result)
        .addInput(shape)
        .addOutput(node.getOutput(0))
        .build();
  }
}
