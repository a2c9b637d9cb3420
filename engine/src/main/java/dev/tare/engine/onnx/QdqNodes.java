package dev.tare.engine.onnx;

import dev.tare.engine.onnx.proto.NodeProto;
import dev.tare.engine.onnx.proto.TensorProto;
import dev.tare.engine.quant.QuantType;
import dev.tare.engine.recipe.Role;
import dev.tare.engine.recipe.TensorPlan;
import dev.tare.engine.tensor.Shape;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;

/** Makes the nodes and initializers of QDQ, and keeps the initializers. Not thread-safe. */
final class QdqNodes {

  /**
   * Nodes in order, and the tensor that the last one makes.
   *
   * @param nodes one or two nodes
   * @param output what consumers read instead of the float tensor
   */
  record Chain(List<NodeProto> nodes, String output) {}

  private final FreshNames names;
  private final List<TensorProto> initializers = new ArrayList<>();

  QdqNodes(FreshNames names) {
    this.names = names;
  }

  List<TensorProto> initializers() {
    return initializers;
  }

  Chain activation(TensorPlan plan) {
    String tensor = plan.tensor();
    String scale = scale(plan, tensor + "_scale");
    String zeroPoint = zeroPoint(plan, tensor + "_zero_point");
    NodeProto quantize = node("QuantizeLinear", plan, tensor, scale, zeroPoint);
    NodeProto dequantize = node("DequantizeLinear", plan, quantize.getOutput(0), scale, zeroPoint);
    return new Chain(List.of(quantize, dequantize), dequantize.getOutput(0));
  }

  Chain constant(TensorPlan plan, Shape shape, ByteBuffer codes) {
    String quantized = names.fresh(plan.tensor() + "_quantized");
    initializers.add(TensorCodec.encode(quantized, plan.type().dtype(), shape.dims(), codes));
    String prefix = plan.role() == Role.BIAS ? plan.tensor() + "_quantized" : plan.tensor();
    String scale = scale(plan, prefix + "_scale");
    // An int32 tensor has no zero point in the standard.
    String zeroPoint =
        plan.type() == QuantType.INT32 ? "" : zeroPoint(plan, prefix + "_zero_point");
    NodeProto dequantize = node("DequantizeLinear", plan, quantized, scale, zeroPoint);
    return new Chain(List.of(dequantize), dequantize.getOutput(0));
  }

  private NodeProto node(
      String opType, TensorPlan plan, String input, String scale, String zeroPoint) {
    NodeProto.Builder node =
        NodeProto.newBuilder()
            .setName(names.fresh(plan.tensor() + "_" + opType))
            .setOpType(opType)
            .addInput(input)
            .addInput(scale)
            .addOutput(names.fresh(plan.tensor() + "_" + opType + "_Output"));
    if (!zeroPoint.isEmpty()) {
      node.addInput(zeroPoint);
    }
    plan.axis().ifPresent(axis -> node.addAttribute(Nodes.intAttribute("axis", axis)));
    return node.build();
  }

  private String scale(TensorPlan plan, String wanted) {
    String name = names.fresh(wanted);
    initializers.add(TensorCodec.floats(name, dims(plan), plan.scales()));
    return name;
  }

  private String zeroPoint(TensorPlan plan, String wanted) {
    String name = names.fresh(wanted);
    ByteBuffer bytes =
        ByteBuffer.allocate(plan.channels().size() * plan.type().dtype().bytes())
            .order(ByteOrder.LITTLE_ENDIAN);
    for (int zeroPoint : plan.zeroPoints()) {
      if (plan.type().dtype().bytes() == 1) {
        bytes.put((byte) zeroPoint);
      } else {
        bytes.putInt(zeroPoint);
      }
    }
    initializers.add(TensorCodec.encode(name, plan.type().dtype(), dims(plan), bytes.flip()));
    return name;
  }

  /** A scalar for a whole tensor, a vector for channels. */
  private static List<Long> dims(TensorPlan plan) {
    return plan.axis().isPresent() ? List.of((long) plan.channels().size()) : List.of();
  }
}
