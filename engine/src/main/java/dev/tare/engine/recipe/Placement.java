package dev.tare.engine.recipe;

import dev.tare.engine.graph.GraphNode;
import java.util.Set;
import java.util.TreeSet;

/** Between which tensors of a graph quantization stands. */
public enum Placement {
  /** Inputs and weights of operators with a constant weight. */
  CONSTANT_WEIGHTS,
  /** Inputs and outputs of all operators that ONNX Runtime's static quantization knows. */
  ALL_SUPPORTED;

  private static final Set<String> WEIGHTED =
      Set.of("MatMul", "Gemm", "Conv", "ConvTranspose", "Gather");

  private static final Set<String> OTHERS =
      Set.of(
          "Add",
          "ArgMax",
          "AveragePool",
          "BatchNormalization",
          "Clip",
          "Concat",
          "CumSum",
          "Flatten",
          "GatherElements",
          "GlobalAveragePool",
          "InstanceNormalization",
          "LayerNormalization",
          "LeakyRelu",
          "MaxPool",
          "Mul",
          "Pad",
          "Relu",
          "Reshape",
          "Resize",
          "Sigmoid",
          "Slice",
          "Softmax",
          "Split",
          "Squeeze",
          "TopK",
          "Transpose",
          "Unsqueeze",
          "Where");

  /** Operators that it may quantize, by type. */
  public Set<String> operators() {
    Set<String> known = new TreeSet<>(WEIGHTED);
    if (this == ALL_SUPPORTED) {
      known.addAll(OTHERS);
    }
    return known;
  }

  /** Whether it quantizes constants of an operator that has no weight. */
  public static boolean takesConstants(String opType) {
    return OTHERS.contains(opType);
  }

  /** Whether it may quantize what an operator reads or makes. */
  public boolean knows(GraphNode node) {
    return WEIGHTED.contains(node.opType())
        || (this == ALL_SUPPORTED && OTHERS.contains(node.opType()));
  }
}
