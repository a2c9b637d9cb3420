package dev.tare.engine.graph;

import dev.tare.engine.tensor.Shape;
import java.util.List;
import java.util.Optional;

/**
 * An operator with a constant weight, as the graph shows it.
 *
 * @param node name of the node, unique in the model
 * @param opType type as the model's format names it, which rules match and messages tell
 * @param input the activation tensor that it reads; empty where it takes rows of a table
 * @param inputIndex position of the activation among the node's inputs
 * @param weight the constant tensor
 * @param weightIndex position of the weight among the node's inputs
 * @param weightShape shape of the weight as stored
 * @param weightAxis axis of the weight's output channels
 * @param bias the constant bias, where the node has one
 * @param groups parts that a convolution cuts its channels into; 1 of other operators
 * @param use what it does with the weight
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

  /** How rules call a {@link #depthwise} Conv, which is a Conv to them as well. */
  public static final String DEPTHWISE = "DepthwiseConv";

  /** Whether it takes rows of its weight instead of multiplying by it. */
  public boolean takesRows() {
    return use.takesRows();
  }

  /**
   * Whether an index along the weight's axis stands for one output channel, so that each may have
   * its own scale.
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

  /** The axis of the weight that products are summed over; -1 where there is none. */
  public int blockAxis() {
    return use.blockAxis();
  }
}
