package dev.tare.engine.onnx.write;

import dev.tare.engine.graph.QuantizableNode;
import dev.tare.engine.onnx.graph.FreshNames;
import dev.tare.engine.onnx.graph.Nodes;
import dev.tare.engine.onnx.graph.TensorCodec;
import dev.tare.engine.onnx.proto.NodeProto;
import dev.tare.engine.onnx.proto.TensorProto;
import dev.tare.engine.plan.TensorPlan;
import dev.tare.engine.tensor.DType;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Products whose input becomes integers at run time: DynamicQuantizeLinear once for each input,
 * MatMulInteger or ConvInteger with the stored weight, and the sum as float times both scales.
 *
 * <p>ONNX Runtime fuses MatMulInteger, Cast and the two Mul into one kernel. A bias, and Gemm's
 * alpha, beta and transpositions, are handled. Not thread-safe.
 *
 * @see <a
 *     href="https://github.com/microsoft/onnxruntime/blob/main/onnxruntime/python/tools/quantization/operators/matmul.py">operators/matmul.py,
 *     whose arrangement this is</a>
 */
final class IntegerProducts {

  /** The outputs of DynamicQuantizeLinear for a tensor. */
  private record Input(String integers, String scale, String zeroPoint) {}

  private final PlannedGraph graph;
  private final FreshNames names;
  private final Map<String, Input> inputs = new HashMap<>();

  IntegerProducts(PlannedGraph graph) {
    this.graph = graph;
    this.names = graph.names();
  }

  /** Quantizes an activation before its first consumer. */
  void input(TensorPlan plan) {
    String tensor = plan.tensor();
    Input input =
        new Input(
            names.fresh(tensor + "_DynamicQuantizeLinear_Output"),
            names.fresh(tensor + "_dynamic_scale"),
            names.fresh(tensor + "_dynamic_zero_point"));
    NodeProto node =
        NodeProto.newBuilder()
            .setOpType("DynamicQuantizeLinear")
            .setName(names.fresh(tensor + "_DynamicQuantizeLinear"))
            .addInput(tensor)
            .addOutput(input.integers())
            .addOutput(input.scale())
            .addOutput(input.zeroPoint())
            .build();
    graph.insert(plan, plan.consumers(), List.of(node));
    inputs.put(tensor, input);
  }

  /**
   * Replaces every consumer of a weight.
   *
   * @param stored name of the integers
   */
  void weight(TensorPlan plan, String stored) {
    for (String consumer : plan.consumers()) {
      QuantizableNode product = graph.product(plan, consumer);
      NodeProto node = graph.node(plan, consumer);
      Input input = inputs.get(product.input());
      PlannedGraph.require(
          input != null, plan, "the input of node '" + consumer + "' is not quantized");
      Sequence sequence = new Sequence(node);
      boolean conv = node.getOpType().equals("Conv");
      if (node.getOpType().equals("Gemm")) {
        gemm(sequence, plan, stored, input);
      } else {
        int rank = product.weightShape().rank();
        boolean left = product.weightIndex() == 0;
        String zeroPoint = zeroPoint(plan, conv);
        String sums =
            left
                ? sequence.integer("MatMulInteger", stored, input.integers(), zeroPoint, input)
                : sequence.integer(
                    conv ? "ConvInteger" : "MatMulInteger",
                    input.integers(),
                    stored,
                    zeroPoint,
                    input);
        String scale = scale(plan, trailing(conv, left, rank), 1f);
        String result = sequence.scaled(sums, input, scale);
        if (!Nodes.input(node, 2).isEmpty()) {
          sequence.simple("Add", result, sequence.column(node.getInput(2), rank));
        }
      }
      graph.replace(plan, consumer, sequence.finish());
    }
  }

  /**
   * Number of dimensions of size 1 after the channels, so that scales broadcast along the output's
   * channel axis.
   */
  private static int trailing(boolean conv, boolean left, int rank) {
    return conv ? rank - 2 : left ? 1 : 0;
  }

  private void gemm(Sequence sequence, TensorPlan plan, String stored, Input input) {
    NodeProto node = sequence.node;
    String a = input.integers();
    if (Nodes.intAttribute(node, "transA", 0) != 0) {
      a = sequence.simple("Transpose", a);
    }
    String b = stored;
    if (Nodes.intAttribute(node, "transB", 0) != 0) {
      b = sequence.simple("Transpose", b);
    }
    String sums = sequence.integer("MatMulInteger", a, b, zeroPoint(plan, false), input);
    String result =
        sequence.scaled(sums, input, scale(plan, 0, Nodes.floatAttribute(node, "alpha", 1f)));
    String c = Nodes.input(node, 2);
    float beta = Nodes.floatAttribute(node, "beta", 1f);
    if (!c.isEmpty() && beta != 0) {
      if (beta != 1) {
        String factor = names.fresh(node.getOutput(0) + "_beta");
        graph.add(TensorCodec.floats(factor, List.of(), beta));
        c = sequence.simple("Mul", c, factor);
      }
      sequence.simple("Add", result, c);
    }
  }

  /** Empty if all are 0. ConvInteger accepts a single one. */
  private String zeroPoint(TensorPlan plan, boolean conv) {
    int[] zeroPoints = plan.zeroPoints();
    if (Arrays.stream(zeroPoints).allMatch(z -> z == 0)) {
      return "";
    }
    String name = names.fresh(plan.tensor() + "_zero_point");
    if (Arrays.stream(zeroPoints).distinct().count() == 1) {
      DType type = plan.type().dtype();
      ByteBuffer single = ByteBuffer.wrap(new byte[] {(byte) zeroPoints[0]});
      return graph.add(TensorCodec.encode(name, type, List.of(), single));
    }
    PlannedGraph.require(!conv, plan, "ConvInteger accepts a single zero point");
    return graph.add(QdqNodes.zeroPoints(plan, List.of((long) zeroPoints.length), name));
  }

  private String scale(TensorPlan plan, int trailing, float factor) {
    float[] scales = plan.scales();
    for (int i = 0; i < scales.length; i++) {
      scales[i] *= factor;
    }
    List<Long> dims = new ArrayList<>();
    if (plan.axis().isPresent()) {
      dims.add((long) scales.length);
      dims.addAll(Collections.nCopies(trailing, 1L));
    }
    return graph.add(TensorCodec.floats(names.fresh(plan.tensor() + "_scale"), dims, scales));
  }

  /** The nodes that replace one product. */
  private final class Sequence {
    private final NodeProto node;
    private final String output;
    private final List<NodeProto> nodes = new ArrayList<>();

    Sequence(NodeProto node) {
      this.node = node;
      this.output = node.getOutput(0);
    }

    String integer(String opType, String a, String b, String zeroPoint, Input input) {
      String sums = names.fresh(output + "_integer");
      boolean left = !a.equals(input.integers()) && b.equals(input.integers());
      NodeProto.Builder builder =
          NodeProto.newBuilder()
              .setOpType(opType)
              .setName(names.fresh(node.getName() + "_" + opType))
              .addInput(a)
              .addInput(b)
              .addInput(left ? zeroPoint : input.zeroPoint())
              .addOutput(sums);
      String second = left ? input.zeroPoint() : zeroPoint;
      if (!second.isEmpty()) {
        builder.addInput(second);
      }
      if (opType.equals("ConvInteger")) {
        builder.addAllAttribute(node.getAttributeList());
      }
      nodes.add(builder.build());
      return sums;
    }

    /** Returns the sums as float, times the scales of the input and the weight. */
    String scaled(String sums, Input input, String scale) {
      String cast = names.fresh(output + "_Cast_Output");
      nodes.add(
          NodeProto.newBuilder()
              .setOpType("Cast")
              .setName(names.fresh(node.getName() + "_Cast"))
              .addInput(sums)
              .addOutput(cast)
              .addAttribute(Nodes.intAttribute("to", DType.FLOAT32.onnxCode()))
              .build());
      String both = simple("Mul", input.scale(), scale);
      return simple("Mul", cast, both);
    }

    String simple(String opType, String... operands) {
      String result = names.fresh(output + "_" + opType + "_Output");
      nodes.add(
          NodeProto.newBuilder()
              .setOpType(opType)
              .setName(names.fresh(node.getName() + "_" + opType))
              .addAllInput(List.of(operands))
              .addOutput(result)
              .build());
      return result;
    }

    /** A bias of [M] as [1, M, 1, ...]. */
    String column(String bias, int rank) {
      List<Long> dims = new ArrayList<>(Collections.nCopies(rank, 1L));
      dims.set(1, -1L);
      TensorProto shape = TensorCodec.longs(names.fresh(output + "_bias_shape"), dims);
      return simple("Reshape", bias, graph.add(shape));
    }

    /** Returns the nodes; the last one computes the output of the replaced node under its name. */
    List<NodeProto> finish() {
      int last = nodes.size() - 1;
      nodes.set(
          last, nodes.get(last).toBuilder().setName(node.getName()).setOutput(0, output).build());
      return nodes;
    }
  }
}
