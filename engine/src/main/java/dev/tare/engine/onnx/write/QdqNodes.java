package dev.tare.engine.onnx.write;

import dev.tare.engine.onnx.graph.FreshNames;
import dev.tare.engine.onnx.graph.Nodes;
import dev.tare.engine.onnx.graph.TensorCodec;
import dev.tare.engine.onnx.proto.NodeProto;
import dev.tare.engine.onnx.proto.TensorProto;
import dev.tare.engine.plan.TensorPlan;
import dev.tare.engine.quant.Codebook;
import dev.tare.engine.quant.QuantParams;
import dev.tare.engine.quant.QuantType;
import dev.tare.engine.recipe.Role;
import dev.tare.engine.tensor.DType;
import dev.tare.engine.tensor.Shape;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** Creates the nodes of QDQ, and stores their constants in the graph. Not thread-safe. */
final class QdqNodes {

  /**
   * Nodes in order, and the output of the last one.
   *
   * @param nodes one to four nodes
   * @param output what consumers read instead of the float tensor
   */
  record Chain(List<NodeProto> nodes, String output) {}

  private final PlannedGraph graph;
  private final FreshNames names;

  QdqNodes(PlannedGraph graph) {
    this.graph = graph;
    this.names = graph.names();
  }

  Chain activation(TensorPlan plan) {
    if (plan.type().float8().isPresent()) {
      return rounded(plan);
    }
    String tensor = plan.tensor();
    List<Long> dims = dims(plan);
    String scale = scale(plan, dims, tensor + "_scale");
    String zeroPoint = zeroPoint(plan, dims, tensor + "_zero_point");
    NodeProto quantize = node("QuantizeLinear", plan, tensor, scale, zeroPoint);
    NodeProto dequantize = node("DequantizeLinear", plan, quantize.getOutput(0), scale, zeroPoint);
    return new Chain(List.of(quantize, dequantize), dequantize.getOutput(0));
  }

  /**
   * Rounds an activation to float8 and back without the operators of integers, to the same bits:
   * ONNX Runtime takes a QuantizeLinear behind a Relu for one of unsigned integers and drops the
   * Relu, and any product of a DequantizeLinear for one of integers, which it then does not find.
   */
  private Chain rounded(TensorPlan plan) {
    String tensor = plan.tensor();
    String scale = scale(plan, List.of(), tensor + "_scale");
    String steps = names.fresh(tensor + "_Div_Output");
    String codes = names.fresh(tensor + "_QuantizeLinear_Output");
    String wide = names.fresh(tensor + "_Cast_Output");
    String product = names.fresh(tensor + "_Mul_Output");
    return new Chain(
        List.of(
            plain("Div", names.fresh(tensor + "_Div"), steps, tensor, scale).build(),
            plain("Cast", names.fresh(tensor + "_QuantizeLinear"), codes, steps)
                .addAttribute(Nodes.intAttribute("to", plan.type().dtype().onnxCode()))
                .build(),
            plain("Cast", names.fresh(tensor + "_Cast"), wide, codes)
                .addAttribute(Nodes.intAttribute("to", DType.FLOAT32.onnxCode()))
                .build(),
            plain("Mul", names.fresh(tensor + "_Mul"), product, wide, scale).build()),
        product);
  }

  /** Creates the chain of a graph output: it computes the output from a renamed tensor. */
  Chain output(TensorPlan plan) {
    Chain chain = activation(plan);
    String renamed = names.fresh(plan.tensor() + "_QuantizeLinear_Input");
    List<NodeProto> nodes = new ArrayList<>(chain.nodes());
    int last = nodes.size() - 1;
    nodes.set(0, nodes.get(0).toBuilder().setInput(0, renamed).build());
    nodes.set(last, nodes.get(last).toBuilder().setOutput(0, plan.tensor()).build());
    return new Chain(nodes, plan.tensor());
  }

  /** Stores the integers of a constant; returns their name. */
  String store(TensorPlan plan, Shape shape, ByteBuffer codes) {
    String quantized = names.fresh(plan.tensor() + "_quantized");
    graph.add(TensorCodec.encode(quantized, plan.type().dtype(), shape.dims(), codes));
    return quantized;
  }

  /** Dequantizes a whole stored constant. */
  Chain constant(TensorPlan plan, Shape shape, String quantized) {
    List<Long> dims = plan.granularity().paramsShape(shape).dims();
    String prefix = plan.role() == Role.BIAS ? plan.tensor() + "_quantized" : plan.tensor();
    String scale = scale(plan, dims, prefix + "_scale");
    // In the standard an int32 tensor has no zero point.
    String zeroPoint =
        plan.type() == QuantType.INT32 ? "" : zeroPoint(plan, dims, prefix + "_zero_point");
    NodeProto dequantize = node("DequantizeLinear", plan, quantized, scale, zeroPoint);
    return new Chain(List.of(dequantize), dequantize.getOutput(0));
  }

  /**
   * Dequantizes a whole stored constant of float8 without a DequantizeLinear, to the same bits.
   * ONNX Runtime makes a product of integers of any MatMul between two DequantizeLinear, and then
   * refuses a model whose numbers are no integers.
   */
  Chain cast(TensorPlan plan, Shape shape, String quantized) {
    String tensor = plan.tensor();
    List<Long> dims = List.of();
    if (plan.axis().isPresent()) {
      dims = new ArrayList<>(Collections.nCopies(shape.rank(), 1L));
      dims.set(plan.axis().getAsInt(), shape.dim(plan.axis().getAsInt()));
    }
    String scale = scale(plan, dims, tensor + "_scale");
    String wide = names.fresh(tensor + "_Cast_Output");
    List<NodeProto> nodes = new ArrayList<>();
    nodes.add(
        plain("Cast", names.fresh(tensor + "_Cast"), wide, quantized)
            .addAttribute(Nodes.intAttribute("to", DType.FLOAT32.onnxCode()))
            .build());
    String product = names.fresh(tensor + "_Mul_Output");
    nodes.add(plain("Mul", names.fresh(tensor + "_Mul"), product, wide, scale).build());
    return new Chain(nodes, product);
  }

  /**
   * Takes the numbers of stored codes out of the tables of their channels, which are one after
   * another: index {@code channel * size + code}. To the same bits as our dequantization, because
   * the numbers are stored with their scale.
   */
  Chain table(TensorPlan plan, Shape shape, String codes) {
    String tensor = plan.tensor();
    List<QuantParams> params = plan.params();
    int size = 1 << plan.type().dtype().bits();
    float[] numbers = new float[params.size() * size];
    int[] offsets = new int[params.size()];
    for (int p = 0; p < offsets.length; p++) {
      offsets[p] = p * size;
      Codebook table = params.get(p).codebook().orElseThrow();
      for (int code = 0; code < size; code++) {
        numbers[p * size + code] = table.decode(code) * params.get(p).scale();
      }
    }
    String index = names.fresh(tensor + "_Cast_Output");
    List<NodeProto> nodes = new ArrayList<>();
    nodes.add(
        plain("Cast", names.fresh(tensor + "_Cast"), index, codes)
            .addAttribute(Nodes.intAttribute("to", DType.INT32.onnxCode()))
            .build());
    if (plan.axis().isPresent()) {
      List<Long> dims = new ArrayList<>(Collections.nCopies(shape.rank(), 1L));
      dims.set(plan.axis().getAsInt(), (long) offsets.length);
      ByteBuffer bytes =
          ByteBuffer.allocate(offsets.length * Integer.BYTES).order(ByteOrder.LITTLE_ENDIAN);
      bytes.asIntBuffer().put(offsets);
      String first = names.fresh(tensor + "_first");
      graph.add(TensorCodec.encode(first, DType.INT32, dims, bytes));
      String sum = names.fresh(tensor + "_Add_Output");
      nodes.add(plain("Add", names.fresh(tensor + "_Add"), sum, index, first).build());
      index = sum;
    }
    String table =
        graph.add(
            TensorCodec.floats(
                names.fresh(tensor + "_table"), List.of((long) numbers.length), numbers));
    String output = names.fresh(tensor + "_Gather_Output");
    nodes.add(plain("Gather", names.fresh(tensor + "_Gather"), output, table, index).build());
    return new Chain(nodes, output);
  }

  /**
   * Dequantizes looked-up rows of a stored table, replacing a Gather from the float table:
   * dequantizing the whole table for a few rows would cost more than the float model. The last node
   * computes the Gather's output.
   */
  List<NodeProto> rows(TensorPlan plan, Shape shape, String quantized, NodeProto gather) {
    String table = plan.tensor();
    String rows = names.fresh(table + "_rows");
    NodeProto taken = gather.toBuilder().setInput(0, quantized).setOutput(0, rows).build();
    if (plan.axis().isEmpty()) {
      String scale = scale(plan, List.of(), table + "_scale");
      String zeroPoint = zeroPoint(plan, List.of(), table + "_zero_point");
      NodeProto dequantize = node("DequantizeLinear", plan, rows, scale, zeroPoint);
      return List.of(taken, dequantize.toBuilder().setOutput(0, gather.getOutput(0)).build());
    }
    List<Long> dims = new ArrayList<>(Collections.nCopies(shape.rank(), 1L));
    dims.set(0, shape.dim(0));
    String scales = names.fresh(table + "_scale");
    graph.add(TensorCodec.floats(scales, dims, plan.scales()));
    String cast = names.fresh(rows + "_Cast_Output");
    String scale = names.fresh(rows + "_scale");
    return List.of(
        taken,
        plain("Cast", names.fresh(rows + "_Cast"), cast, rows)
            .addAttribute(Nodes.intAttribute("to", DType.FLOAT32.onnxCode()))
            .build(),
        gather.toBuilder()
            .setName(names.fresh(scale + "_Gather"))
            .setInput(0, scales)
            .setOutput(0, scale)
            .build(),
        plain("Mul", names.fresh(rows + "_Mul"), gather.getOutput(0), cast, scale).build());
  }

  /**
   * Dequantizes looked-up rows of a stored table of 4 bits, which has scales of blocks inside each
   * row, in place of a Gather from the float table.
   *
   * @see <a
   *     href="https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md">ContribOperators.md,
   *     com.microsoft.GatherBlockQuantized</a>
   */
  NodeProto blockRows(TensorPlan plan, Shape shape, String quantized, NodeProto gather) {
    List<Long> dims = plan.granularity().paramsShape(shape).dims();
    NodeProto.Builder node =
        NodeProto.newBuilder()
            .setOpType("GatherBlockQuantized")
            .setDomain(PlannedGraph.RUNTIME_DOMAIN)
            .setName(gather.getName())
            .addInput(quantized)
            .addInput(gather.getInput(1))
            .addInput(scale(plan, dims, plan.tensor() + "_scale"))
            .addOutput(gather.getOutput(0))
            .addAttribute(Nodes.intAttribute("gather_axis", 0))
            .addAttribute(Nodes.intAttribute("quantize_axis", 1))
            .addAttribute(
                Nodes.intAttribute("block_size", plan.granularity().blockSize().orElseThrow()));
    if (!plan.channels().haveZeroPoint(0)) {
      node.addInput(zeroPoint(plan, dims, plan.tensor() + "_zero_point"));
    }
    return node.build();
  }

  private static NodeProto.Builder plain(
      String opType, String name, String output, String... inputs) {
    return NodeProto.newBuilder()
        .setOpType(opType)
        .setName(name)
        .addAllInput(List.of(inputs))
        .addOutput(output);
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
    plan.granularity()
        .blockSize()
        .ifPresent(size -> node.addAttribute(Nodes.intAttribute("block_size", size)));
    return node.build();
  }

  private String scale(TensorPlan plan, List<Long> dims, String wanted) {
    return graph.add(TensorCodec.floats(names.fresh(wanted), dims, plan.scales()));
  }

  private String zeroPoint(TensorPlan plan, List<Long> dims, String wanted) {
    return graph.add(zeroPoints(plan, dims, names.fresh(wanted)));
  }

  /** Returns zero points in the plan's type; 4 bits are packed as in ONNX. */
  static TensorProto zeroPoints(TensorPlan plan, List<Long> dims, String name) {
    DType type = plan.type().dtype();
    int[] zeroPoints = plan.zeroPoints();
    ByteBuffer bytes =
        ByteBuffer.allocate(Math.toIntExact(type.byteSize(zeroPoints.length)))
            .order(ByteOrder.LITTLE_ENDIAN);
    for (int i = 0; i < zeroPoints.length; i++) {
      switch (type.bits()) {
        case 4 -> {
          int low = zeroPoints[i] & 0xf;
          int high = i + 1 < zeroPoints.length ? zeroPoints[i + 1] & 0xf : 0;
          bytes.put((byte) (low | (high << 4)));
          i++;
        }
        case 8 -> bytes.put((byte) zeroPoints[i]);
        case 16 -> bytes.putShort((short) zeroPoints[i]);
        default -> bytes.putInt(zeroPoints[i]);
      }
    }
    return TensorCodec.encode(name, type, dims, bytes.flip());
  }

  /** A scalar for a whole tensor, a vector for channels. */
  private static List<Long> dims(TensorPlan plan) {
    return plan.axis().isPresent() ? List.of((long) plan.channels().size()) : List.of();
  }
}
