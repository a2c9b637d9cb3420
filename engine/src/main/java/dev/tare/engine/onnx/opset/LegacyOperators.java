package dev.tare.engine.onnx.opset;

import com.google.protobuf.ByteString;
import dev.tare.engine.model.InvalidModelException;
import dev.tare.engine.onnx.graph.Nodes;
import dev.tare.engine.onnx.graph.TensorCodec;
import dev.tare.engine.onnx.proto.AttributeProto;
import dev.tare.engine.onnx.proto.NodeProto;
import dev.tare.engine.tensor.DType;
import dev.tare.engine.tensor.Tensor;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Rewrites single operators of opsets 7 to 10 for opset 11. */
final class LegacyOperators {

  private final String model;
  private final int from;
  private final GraphRewrite rewrite;

  LegacyOperators(String model, int from, GraphRewrite rewrite) {
    this.model = model;
    this.from = from;
    this.rewrite = rewrite;
  }

  /**
   * @throws InvalidModelException if the operator's meaning changed
   */
  NodeProto upgrade(NodeProto node) {
    return switch (node.getOpType()) {
      case "Clip" -> clip(node);
      case "Pad" -> pad(node);
      case "Slice" -> from < 10 ? slice(node) : node;
      case "TopK" -> from < 10 ? topK(node) : node;
      case "BatchNormalization" -> from < 9 ? batchNormalization(node) : node;
      case "Upsample", "Resize" -> resize(node);
      case "Scatter" -> node.toBuilder().setOpType("ScatterElements").build();
      case "Dropout" -> dropout(node);
      case "Scan" -> scan(node);
      default -> node;
    };
  }

  private NodeProto clip(NodeProto node) {
    NodeProto.Builder clip = node.toBuilder().clearAttribute();
    Optional<AttributeProto> min = Nodes.attribute(node, "min");
    Optional<AttributeProto> max = Nodes.attribute(node, "max");
    if (min.isPresent() || max.isPresent()) {
      clip.addInput(min.isEmpty() ? "" : rewrite.scalar(node, "min", min.get().getF()));
    }
    max.ifPresent(attribute -> clip.addInput(rewrite.scalar(node, "max", attribute.getF())));
    return clip.build();
  }

  private NodeProto pad(NodeProto node) {
    NodeProto.Builder pad = Nodes.withoutAttribute(node, "pads");
    pad = Nodes.withoutAttribute(pad.build(), "value");
    List<Long> pads = Nodes.attribute(node, "pads").orElseThrow(() -> broken(node)).getIntsList();
    return pad.addInput(rewrite.longs(node, "pads", pads))
        .addInput(rewrite.scalar(node, "value", Nodes.floatAttribute(node, "value", 0f)))
        .build();
  }

  private NodeProto slice(NodeProto node) {
    NodeProto.Builder slice = node.toBuilder().clearAttribute();
    for (String name : List.of("starts", "ends")) {
      AttributeProto bound = Nodes.attribute(node, name).orElseThrow(() -> broken(node));
      slice.addInput(rewrite.longs(node, name, bound.getIntsList()));
    }
    Nodes.attribute(node, "axes")
        .ifPresent(axes -> slice.addInput(rewrite.longs(node, "axes", axes.getIntsList())));
    return slice.build();
  }

  private NodeProto topK(NodeProto node) {
    long k = Nodes.attribute(node, "k").orElseThrow(() -> broken(node)).getI();
    return Nodes.withoutAttribute(node, "k").addInput(rewrite.longs(node, "k", List.of(k))).build();
  }

  private NodeProto batchNormalization(NodeProto node) {
    if (Nodes.intAttribute(node, "spatial", 1) == 0) {
      throw refuse(node, "statistics for every position");
    }
    return Nodes.withoutAttribute(node, "spatial").build();
  }

  private NodeProto dropout(NodeProto node) {
    if (from >= 10 || node.getOutputCount() < 2) {
      return node;
    }
    if (rewrite.read(node.getOutput(1))) {
      throw refuse(node, "a mask of numbers");
    }
    return node.toBuilder().clearOutput().addOutput(node.getOutput(0)).build();
  }

  private NodeProto scan(NodeProto node) {
    if (from < 9) {
      throw refuse(node, "a batch dimension");
    }
    return node;
  }

  /**
   * Before 11 positions were x / scale, now called asymmetric. ONNX Runtime (upsamplebase.h)
   * rounded the nearest one down along an axis that grows and up along one that shrinks; 11 has one
   * rounding for all axes.
   */
  private NodeProto resize(NodeProto node) {
    String mode =
        Nodes.attribute(node, "mode")
            .map(a -> a.getS().toString(StandardCharsets.UTF_8))
            .orElse("nearest");
    String rounding = "floor";
    if (mode.equals("nearest")) {
      List<Float> scales = scales(node);
      boolean shrinks = scales.stream().anyMatch(s -> s < 1f);
      if (shrinks && scales.stream().anyMatch(s -> s > 1f)) {
        throw refuse(node, "axes that grow and axes that shrink");
      }
      rounding = shrinks ? "ceil" : "floor";
    } else if (!mode.equals("linear")) {
      throw refuse(node, "mode " + mode);
    }
    return NodeProto.newBuilder()
        .setName(node.getName())
        .setDocString(node.getDocString())
        .setOpType("Resize")
        .addInput(node.getInput(0))
        .addInput(rewrite.floats(node, "roi", List.of()))
        .addInput(
            Nodes.attribute(node, "scales")
                .map(scales -> rewrite.floats(node, "scales", scales.getFloatsList()))
                .orElseGet(() -> Nodes.input(node, 1)))
        .addOutput(node.getOutput(0))
        .addAttribute(text("coordinate_transformation_mode", "asymmetric"))
        .addAttribute(text("mode", mode))
        .addAttribute(text("nearest_mode", rounding))
        .build();
  }

  private List<Float> scales(NodeProto node) {
    Optional<AttributeProto> attribute = Nodes.attribute(node, "scales");
    if (attribute.isPresent()) {
      return attribute.get().getFloatsList();
    }
    Tensor scales =
        rewrite
            .constant(Nodes.input(node, 1))
            .filter(TensorCodec::held)
            .map(TensorCodec::decode)
            .filter(t -> t.dtype() == DType.FLOAT32)
            .orElseThrow(() -> refuse(node, "computed scales"));
    List<Float> values = new ArrayList<>();
    for (float scale : scales.toFloatArray()) {
      values.add(scale);
    }
    return values;
  }

  static AttributeProto text(String name, String value) {
    return AttributeProto.newBuilder()
        .setName(name)
        .setType(AttributeProto.AttributeType.STRING)
        .setS(ByteString.copyFromUtf8(value))
        .build();
  }

  private InvalidModelException broken(NodeProto node) {
    return new InvalidModelException(
        model,
        "%s '%s' lacks an attribute that opset %d requires"
            .formatted(node.getOpType(), node.getName(), from));
  }

  private InvalidModelException refuse(NodeProto node, String what) {
    return new InvalidModelException(
        model,
        "%s '%s' of opset %d with %s has no equivalent in opset %d; export the model again"
            .formatted(node.getOpType(), node.getName(), from, what, OpsetUpgrade.CHANNELS));
  }
}
