package dev.tare.engine.onnx.view;

import dev.tare.engine.graph.QuantizableNode;
import dev.tare.engine.graph.WeightUse;
import dev.tare.engine.tensor.Shape;
import java.util.Optional;
import java.util.Set;

/** Creates planning's nodes from ONNX operators with a constant weight. */
public final class OnnxNodes {

  private static final Set<String> NORMALIZATIONS =
      Set.of("LayerNormalization", "InstanceNormalization", "BatchNormalization");

  private OnnxNodes() {}

  /** Creates a node without groups; the arguments are those of {@link QuantizableNode}. */
  public static QuantizableNode node(
      String node,
      String opType,
      String input,
      int inputIndex,
      String weight,
      int weightIndex,
      Shape weightShape,
      int weightAxis,
      Optional<String> bias) {
    return node(
        node, opType, input, inputIndex, weight, weightIndex, weightShape, weightAxis, bias, 1);
  }

  /** Creates a node of an operator type; the arguments are those of {@link QuantizableNode}. */
  public static QuantizableNode node(
      String node,
      String opType,
      String input,
      int inputIndex,
      String weight,
      int weightIndex,
      Shape weightShape,
      int weightAxis,
      Optional<String> bias,
      long groups) {
    return node(
        node,
        opType,
        input,
        inputIndex,
        weight,
        weightIndex,
        weightShape,
        weightAxis,
        bias,
        groups,
        false);
  }

  static QuantizableNode node(
      String node,
      String opType,
      String input,
      int inputIndex,
      String weight,
      int weightIndex,
      Shape weightShape,
      int weightAxis,
      Optional<String> bias,
      long groups,
      boolean scaledSum) {
    return new QuantizableNode(
        node,
        opType,
        input,
        inputIndex,
        weight,
        weightIndex,
        weightShape,
        weightAxis,
        bias,
        groups,
        use(opType, weightShape, weightAxis, groups, scaledSum));
  }

  private static WeightUse use(
      String opType, Shape weight, int axis, long groups, boolean scaledSum) {
    if (opType.equals("Gather")) {
      return WeightUse.ROWS;
    }
    if (NORMALIZATIONS.contains(opType)) {
      return WeightUse.FACTORS;
    }
    return new WeightUse(
        false,
        // In a ConvTranspose with groups, channels of different groups share an index along the
        // axis.
        !opType.equals("ConvTranspose") || groups == 1,
        opType.equals("Conv") && groups > 1 && weight.dim(1) == 1,
        blockAxis(opType, weight, axis),
        scaledSum);
  }

  private static int blockAxis(String opType, Shape weight, int axis) {
    return switch (opType) {
      case "MatMul" -> axis == weight.rank() - 1 ? axis - 1 : axis + 1;
      case "ConvTranspose" -> 0;
      case "Gemm" -> 1 - axis;
      default -> 1;
    };
  }
}
