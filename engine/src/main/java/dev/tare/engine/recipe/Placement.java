package dev.tare.engine.recipe;

/** Between which tensors of a graph quantization stands. */
public enum Placement {
  /** Inputs and weights of operators with a constant weight. */
  CONSTANT_WEIGHTS,
  /** Inputs and outputs of all operators that ONNX Runtime's static quantization knows. */
  ALL_SUPPORTED;

  /** Whether it may quantize what an operator reads or makes. */
  public boolean knows(GraphNode node) {
    return RecipeParser.OPERATORS.contains(node.opType())
        || (this == ALL_SUPPORTED && AllSupported.OPERATORS.contains(node.opType()));
  }
}
