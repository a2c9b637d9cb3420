package dev.tare.engine.graph;

import dev.tare.engine.tensor.Shape;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * An operator with a constant weight, as the graph shows it.
 *
 * @param node name of the node, unique in the model
 * @param opType MatMul, Gemm, Conv, ConvTranspose or Gather, or a normalization
 * @param input the activation tensor that it reads; empty for a Gather, whose table is all
 * @param inputIndex position of the activation among the node's inputs
 * @param weight the constant tensor
 * @param weightIndex position of the weight among the node's inputs
 * @param weightShape shape of the weight as stored
 * @param weightAxis axis of the weight's output channels: the last of MatMul's right operand, 0 of
 *     Conv, 1 of ConvTranspose, 1 of Gemm or 0 where it transposes
 * @param bias the constant bias, where the node has one
 * @param groups parts that a Conv or ConvTranspose cuts its channels into; 1 of other operators
 */
public record QuantizableNode(
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

  /** How rules call a {@link #depthwise} Conv, which is a Conv to them as well. */
  public static final String DEPTHWISE = "DepthwiseConv";

  private static final Set<String> NORMALIZATIONS =
      Set.of("LayerNormalization", "InstanceNormalization", "BatchNormalization");

  /** A node without groups. */
  public QuantizableNode(
      String node,
      String opType,
      String input,
      int inputIndex,
      String weight,
      int weightIndex,
      Shape weightShape,
      int weightAxis,
      Optional<String> bias) {
    this(node, opType, input, inputIndex, weight, weightIndex, weightShape, weightAxis, bias, 1);
  }

  /** Whether it takes rows of its weight instead of multiplying by it. */
  public boolean takesRows() {
    return opType.equals("Gather");
  }

  /**
   * Whether an index along the weight's axis stands for one output channel, so that each may have
   * its own scale; false of a ConvTranspose with groups, whose weight takes one scale, and of a
   * normalization.
   */
  public boolean channelScales() {
    return opType.equals("ConvTranspose") ? groups == 1 : !NORMALIZATIONS.contains(opType);
  }

  /** Whether it is a Conv with several groups that read one channel each. */
  public boolean depthwise() {
    return opType.equals("Conv") && groups > 1 && weightShape.dim(1) == 1;
  }

  /** The operator types that a rule may match it by. */
  public List<String> kinds() {
    return depthwise() ? List.of(opType, DEPTHWISE) : List.of(opType);
  }

  /**
   * The axis of the weight that products are summed over; of a table, the one inside a row; of a
   * normalization's scale, -1.
   */
  public int blockAxis() {
    return switch (opType) {
      case "MatMul" -> weightAxis == weightShape.rank() - 1 ? weightAxis - 1 : weightAxis + 1;
      case "ConvTranspose" -> 0;
      case "Gemm" -> 1 - weightAxis;
      default -> NORMALIZATIONS.contains(opType) ? -1 : 1;
    };
  }
}
