package dev.tare.engine.graph;

/**
 * How an operator uses its constant weight, filled in by the reader of the model's format.
 *
 * @param takesRows whether it looks up rows of the weight instead of multiplying by it
 * @param channelScales whether an index along the weight's axis is one output channel, so that each
 *     may have its own scale
 * @param depthwise whether it is a convolution with several groups that read one channel each
 * @param blockAxis the axis of the weight over which products are summed; for a table, the one
 *     inside a row; -1 if there is none
 * @param scaledSum whether it multiplies the product or the bias by a number other than 1, as ONNX
 *     Gemm's alpha and beta do
 */
public record WeightUse(
    boolean takesRows, boolean channelScales, boolean depthwise, int blockAxis, boolean scaledSum) {

  /** Rows of a table are looked up; each has its own scale. */
  public static final WeightUse ROWS = new WeightUse(true, true, false, 1, false);

  /** Each value is multiplied by one of the weight's. */
  public static final WeightUse FACTORS = new WeightUse(false, false, false, -1, false);
}
