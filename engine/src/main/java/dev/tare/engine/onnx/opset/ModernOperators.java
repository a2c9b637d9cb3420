package dev.tare.engine.onnx.opset;

import com.google.protobuf.ByteString;
import dev.tare.engine.model.InvalidModelException;
import dev.tare.engine.onnx.graph.Nodes;
import dev.tare.engine.onnx.proto.AttributeProto;
import dev.tare.engine.onnx.proto.NodeProto;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Rewrites single operators of opsets 13 to 20 for a newer one, up to 21. */
final class ModernOperators {

  private static final Map<String, String> GRID_SAMPLE_MODES =
      Map.of("bilinear", "linear", "bicubic", "cubic");

  private final String model;
  private final int from;
  private final int to;
  private final GraphRewrite rewrite;

  ModernOperators(String model, int from, int to, GraphRewrite rewrite) {
    this.model = model;
    this.from = from;
    this.to = to;
    this.rewrite = rewrite;
  }

  /**
   * @throws InvalidModelException if the operator's meaning changed
   */
  NodeProto upgrade(NodeProto node) {
    return switch (node.getOpType()) {
      case "BatchNormalization" -> changesIn(14) ? batchNormalization(node) : node;
      case "RoiAlign" -> changesIn(16) ? roiAlign(node) : node;
      case "ReduceL1",
          "ReduceL2",
          "ReduceLogSum",
          "ReduceLogSumExp",
          "ReduceMax",
          "ReduceMean",
          "ReduceMin",
          "ReduceProd",
          "ReduceSumSquare" ->
          changesIn(18) ? rewrite.attributeToInput(node, "axes") : node;
      case "Split" -> changesIn(18) ? split(node) : node;
      case "GridSample" -> changesIn(20) ? gridSample(node) : node;
      case "DFT" -> changesIn(20) ? dft(node) : node;
      case "GroupNormalization" -> changesIn(21) ? groupNormalization(node) : node;
      default -> node;
    };
  }

  private boolean changesIn(int opset) {
    return from < opset && opset <= to;
  }

  /** 14: training is an attribute; before, it was implied by more than one output. */
  private NodeProto batchNormalization(NodeProto node) {
    if (node.getOutputList().stream().skip(1).anyMatch(output -> !output.isEmpty())) {
      throw new InvalidModelException(
          model,
          "BatchNormalization '%s' of opset %d with statistics of the batch has no equivalent in"
                  .formatted(node.getName(), from)
              + " opset 14; export the model for inference");
    }
    return node.toBuilder().clearOutput().addOutput(node.getOutput(0)).build();
  }

  /** 16: half a pixel is subtracted from the regions, unless the old behaviour is requested. */
  private static NodeProto roiAlign(NodeProto node) {
    return node.toBuilder()
        .addAttribute(LegacyOperators.text("coordinate_transformation_mode", "output_half_pixel"))
        .build();
  }

  /** 18: the number of equal parts must be given. */
  private static NodeProto split(NodeProto node) {
    return Nodes.input(node, 1).isEmpty()
        ? node.toBuilder()
            .addAttribute(Nodes.intAttribute("num_outputs", node.getOutputCount()))
            .build()
        : node;
  }

  /** 20: names of modes no longer depend on the number of dimensions. */
  private static NodeProto gridSample(NodeProto node) {
    Optional<AttributeProto> mode = Nodes.attribute(node, "mode");
    if (mode.isEmpty()) {
      return node;
    }
    String old = mode.get().getS().toStringUtf8();
    return Nodes.withoutAttribute(node, "mode")
        .addAttribute(
            mode.get().toBuilder()
                .setS(ByteString.copyFromUtf8(GRID_SAMPLE_MODES.getOrDefault(old, old))))
        .build();
  }

  /** 20: the axis is an input, and its default is no longer the first after the batch. */
  private NodeProto dft(NodeProto node) {
    String axis = rewrite.integer(node, "axis", Nodes.intAttribute(node, "axis", 1));
    return Nodes.withoutAttribute(node, "axis")
        .clearInput()
        .addInput(node.getInput(0))
        .addInput(Nodes.input(node, 1))
        .addInput(axis)
        .build();
  }

  /** 21: scale and bias are per channel; those of a group are repeated for its channels. */
  private NodeProto groupNormalization(NodeProto node) {
    // The runtime refuses the operator without scale and bias.
    if (node.getInputCount() < 3) {
      return node;
    }
    long groups = Nodes.intAttribute(node, "num_groups", 1);
    String channels =
        rewrite.node(
            node,
            "channels",
            NodeProto.newBuilder()
                .setOpType("Shape")
                .addInput(node.getInput(0))
                .addAttribute(Nodes.intAttribute("start", 1))
                .addAttribute(Nodes.intAttribute("end", 2)));
    String size =
        rewrite.node(
            node,
            "group_size",
            NodeProto.newBuilder()
                .setOpType("Div")
                .addInput(channels)
                .addInput(rewrite.longs(node, "num_groups", List.of(groups))));
    String shape =
        rewrite.node(
            node,
            "group_shape",
            NodeProto.newBuilder()
                .setOpType("Concat")
                .addInput(rewrite.longs(node, "one", List.of(1L)))
                .addInput(size)
                .addAttribute(Nodes.intAttribute("axis", 0)));
    return node.toBuilder()
        .setInput(1, repeated(node, "scale", node.getInput(1), shape))
        .setInput(2, repeated(node, "bias", node.getInput(2), shape))
        .build();
  }

  private String repeated(NodeProto node, String what, String vector, String shape) {
    String column =
        rewrite.node(
            node,
            what + "_column",
            NodeProto.newBuilder()
                .setOpType("Unsqueeze")
                .addInput(vector)
                .addInput(rewrite.longs(node, what + "_axes", List.of(1L))));
    String rows =
        rewrite.node(
            node,
            what + "_rows",
            NodeProto.newBuilder().setOpType("Expand").addInput(column).addInput(shape));
    return rewrite.node(
        node,
        what + "_channels",
        NodeProto.newBuilder()
            .setOpType("Reshape")
            .addInput(rows)
            .addInput(rewrite.longs(node, what + "_length", List.of(-1L))));
  }
}
