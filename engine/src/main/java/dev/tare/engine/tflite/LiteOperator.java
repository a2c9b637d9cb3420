package dev.tare.engine.tflite;

import java.util.List;

/**
 * An operator of a model's graph.
 *
 * @param index position in the graph, which is the order of execution
 * @param name unique in the model: that of its first output
 * @param type name of the builtin operator, such as {@code CONV_2D}; {@code CUSTOM} and {@code
 *     DELEGATE} are followed by a dot and what the file calls it
 * @param inputs indices of tensors; -1 for an input that is left out
 * @param outputs indices of tensors
 */
public record LiteOperator(
    int index, String name, String type, List<Integer> inputs, List<Integer> outputs) {

  public LiteOperator {
    inputs = List.copyOf(inputs);
    outputs = List.copyOf(outputs);
  }

  /** The tensor of an input; -1 if it has none there. */
  public int input(int position) {
    return position < inputs.size() ? inputs.get(position) : -1;
  }
}
