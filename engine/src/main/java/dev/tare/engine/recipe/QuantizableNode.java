package dev.tare.engine.recipe;

import dev.tare.engine.tensor.Shape;
import java.util.Optional;

/**
 * An operator with a constant weight, as the graph shows it.
 *
 * @param node name of the node, unique in the model
 * @param opType MatMul, Gemm or Conv
 * @param input the activation tensor that it reads
 * @param inputIndex position of the activation among the node's inputs
 * @param weight the constant tensor
 * @param weightIndex position of the weight among the node's inputs
 * @param weightShape shape of the weight as stored
 * @param weightAxis axis of the weight's output channels: the last of MatMul's right operand, 0 of
 *     Conv, 1 of Gemm or 0 where it transposes
 * @param bias the constant bias, where the node has one
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
    Optional<String> bias) {}
