package dev.tare.engine.graph;

import dev.tare.engine.tensor.Shape;
import java.util.List;
import java.util.Optional;

/**
 * An operator with a constant weight.
 *
 * @param node name of the node, unique in the model
 * @param opType type as the model's format names it; rules match it and messages show it
 * @param input the activation tensor that it reads; empty if it looks up rows of a table
 * @param inputIndex position of the activation among the node's inputs
 * @param weight the constant tensor
 * @param weightIndex position of the weight among the node's inputs
 * @param weightShape shape of the weight as stored
 * @param weightAxis axis of the weight's output channels
 * @param bias the constant bias, if the node has one
 * @param groups number of groups of a convolution; 1 for other operators
 * @param use how it uses the weight
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
    long groups,
    WeightUse use) {

  /** The operator type by which rules match a {@link #depthwise} Conv, besides Conv. */
  public static final String DEPTHWISE = "DepthwiseConv";

  /** Whether it looks up rows of its weight instead of multiplying by it. */
  public boolean takesRows() {
    return use.takesRows();
  }

  /**
   * Whether an index along the weight's axis is one output channel, so that each may have its own
   * scale.
   */
  public boolean channelScales() {
    return use.channelScales();
  }

  /** Whether it is a convolution with several groups that read one channel each. */
  public boolean depthwise() {
    return use.depthwise();
  }

  /** The operator types that a rule may match it by. */
  public List<String> kinds() {
    return depthwise() ? List.of(opType, DEPTHWISE) : List.of(opType);
  }

  /** Returns the axis of the weight over which products are summed; -1 if there is none. */
  public int blockAxis() {
    return use.blockAxis();
  }
}
