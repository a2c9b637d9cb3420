package dev.tare.engine.graph;

/**
 * What an operator does with its constant weight, as the reader of its format knows it.
 *
 * @param takesRows whether it takes rows of the weight instead of multiplying by it
 * @param channelScales whether an index along the weight's axis stands for one output channel, so
 *     that each may have its own scale
 * @param depthwise whether it is a convolution with several groups that read one channel each
 * @param blockAxis the axis of the weight that products are summed over; of a table, the one inside
 *     a row; -1 where there is none
 * @param scaledSum whether it multiplies the product or the bias by a number other than 1, as ONNX
 *     Gemm's alpha and beta do
 */
public record WeightUse(
    boolean takesRows, boolean channelScales, boolean depthwise, int blockAxis, boolean scaledSum) {

  /** Rows of a table are taken, each with a scale of its own. */
  public static final WeightUse ROWS = new WeightUse(true, true, false, 1, false);

  /** Each value is scaled by one of the weight's. */
  public static final WeightUse FACTORS = new WeightUse(false, false, false, -1, false);
}
