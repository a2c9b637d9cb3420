package dev.tare.engine.onnx.write;

import dev.tare.engine.graph.QuantizableNode;
import dev.tare.engine.onnx.IntegerReference;
import dev.tare.engine.onnx.Integers;
import dev.tare.engine.onnx.OneOperator;
import dev.tare.engine.onnx.Windows;
import dev.tare.engine.onnx.graph.Nodes;
import dev.tare.engine.onnx.proto.NodeProto;
import dev.tare.engine.onnx.view.OnnxGraph;
import dev.tare.engine.plan.TensorPlan;
import dev.tare.engine.quant.DynamicQuantization;
import dev.tare.engine.quant.Granularity;
import dev.tare.engine.quant.QuantParams;
import dev.tare.engine.quant.Quantizer;
import dev.tare.engine.recipe.Format;
import dev.tare.engine.recipe.Role;
import dev.tare.engine.tensor.Shape;
import dev.tare.engine.tensor.Tensor;
import java.util.List;
import java.util.Optional;

/**
 * What a quantized operator must give, computed by integers alone from its float input, its plan
 * and its constants.
 *
 * <p>Input and weight become codes less their zero points; products are summed exactly in int32,
 * with an int32 bias in the same sum; the sum becomes float32 and is multiplied by the float32
 * product of both scales (and alpha). A float bias is added to that, times beta.
 */
final class OperatorSimulation {

  private final OneOperator operator;
  private final NodeProto node;
  private final TensorPlan weightPlan;
  private final Integers weight;

  OperatorSimulation(OneOperator operator) {
    this.operator = operator;
    this.node = operator.node();
    this.weightPlan = plan(Role.WEIGHT).orElseThrow();
    this.weight =
        Integers.centred(operator.codes(weightPlan), weightPlan.params(), weightPlan.granularity());
  }

  private Optional<TensorPlan> plan(Role role) {
    return operator.plan().tensors().stream().filter(t -> t.role() == role).findFirst();
  }

  /** The centred integers of the weight, not a copy. */
  Integers weight() {
    return weight;
  }

  /**
   * The output for an input: floats, or the row numbers of a Gather.
   *
   * <p>A quantized output is {@code saturate(rint(sum * (s_x * s_w / s_y)) + zeroPoint)}, then
   * float again.
   */
  Tensor run(Tensor input) {
    if (node.getOpType().equals("Gather")) {
      return rows(input);
    }
    Optional<QuantParams> output = operator.output();
    TensorPlan activation = plan(Role.ACTIVATION).orElseThrow();
    QuantParams params =
        activation.format() == Format.DYNAMIC
            ? DynamicQuantization.params(input)
            : activation.params().get(0);
    Integers x =
        Integers.centred(
            Quantizer.quantize(input, List.of(params), Granularity.perTensor()),
            List.of(params),
            Granularity.perTensor());
    QuantizableNode known = OnnxGraph.of(operator.model()).nodes().get(0);
    Integers sums = product(x, known.weightIndex() == 0);
    int axis = channelAxis(sums.shape(), known.weightIndex() == 0);
    Optional<TensorPlan> bias = plan(Role.BIAS);
    if (bias.isPresent()) {
      Tensor codes = operator.codes(bias.get());
      sums = sums.plus(codes.bytes().asIntBuffer(), axis);
    }
    float[] scales = weightPlan.scales();
    for (int c = 0; c < scales.length; c++) {
      scales[c] = params.scale() * (scales[c] * Nodes.floatAttribute(node, "alpha", 1f));
      if (output.isPresent()) {
        scales[c] /= output.get().scale();
      }
    }
    float[] values = sums.scaled(scales, axis);
    if (bias.isEmpty() && !Nodes.input(node, 2).isEmpty()) {
      addFloat(values, sums.shape(), axis);
    }
    output.ifPresent(y -> requantize(values, y));
    return Tensor.ofFloats(sums.shape(), values);
  }

  private static void requantize(float[] steps, QuantParams y) {
    int low = y.type().qmin() - y.zeroPoint();
    int high = y.type().qmax() - y.zeroPoint();
    for (int i = 0; i < steps.length; i++) {
      steps[i] = (float) Math.max(low, Math.min(high, Math.rint(steps[i]))) * y.scale();
    }
  }

  private Tensor rows(Tensor ids) {
    Integers taken = weight.rows(ids);
    // A scale for each row, or one for all: spread over the rows that were taken.
    float[] scales = weightPlan.scales();
    int width = (int) weight.shape().stride(0);
    float[] values = new float[taken.values().length];
    for (int i = 0; i < values.length; i++) {
      long id = ids.bytes().asLongBuffer().get(i / width);
      int row = (int) (id < 0 ? id + weight.dim(0) : id);
      values[i] = taken.values()[i] * scales[scales.length == 1 ? 0 : row];
    }
    return Tensor.ofFloats(taken.shape(), values);
  }

  private Integers product(Integers x, boolean weightIsLeft) {
    return switch (node.getOpType()) {
      case "MatMul" ->
          weightIsLeft ? IntegerReference.matMul(weight, x) : IntegerReference.matMul(x, weight);
      case "Gemm" ->
          IntegerReference.matMul(
              Nodes.intAttribute(node, "transA", 0) != 0 ? x.transposed() : x,
              Nodes.intAttribute(node, "transB", 0) != 0 ? weight.transposed() : weight);
      case "Conv" -> IntegerReference.conv(x, weight, Windows.of(node, x.shape(), weight.shape()));
      case "ConvTranspose" ->
          IntegerReference.convTranspose(x, weight, Windows.of(node, x.shape(), weight.shape()));
      default -> throw new IllegalArgumentException("Not simulated: " + node.getOpType());
    };
  }

  private int channelAxis(Shape output, boolean weightIsLeft) {
    return switch (node.getOpType()) {
      case "MatMul" -> output.rank() - (weightIsLeft ? 2 : 1);
      default -> 1;
    };
  }

  private void addFloat(float[] values, Shape shape, int axis) {
    float[] bias = OnnxGraph.of(operator.model()).constant(node.getInput(2)).toFloatArray();
    float beta = Nodes.floatAttribute(node, "beta", 1f);
    for (int i = 0; i < values.length; i++) {
      values[i] += beta * bias[(int) (i / shape.stride(axis) % bias.length)];
    }
  }
}
