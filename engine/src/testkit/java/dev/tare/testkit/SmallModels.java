package dev.tare.testkit;

import static dev.tare.testkit.Models.integer;

import dev.tare.engine.onnx.proto.TensorProto;
import java.util.List;

/** Whole models of a few nodes. */
public final class SmallModels {

  private SmallModels() {}

  /** x[batch, 6] through two layers with biases added apart; the first two products share x. */
  public static Models mlp() {
    return Models.opset(13)
        .input("x", "batch", 6)
        .weight("w1", 6, 8)
        .weight("w2", 6, 8)
        .weight("w3", 8, 4)
        .node("MatMul", "first", List.of("x", "w1"), List.of("a"))
        .node("MatMul", "second", List.of("x", "w2"), List.of("b"))
        .node("Add", "a b", "c")
        .node("Relu", "c", "d")
        .node("MatMul", "third", List.of("d", "w3"), List.of("y"))
        .output("y");
  }

  /** An image through a convolution and a dense layer, all weights in Constant nodes. */
  public static Models cnn() {
    return Models.opset(13)
        .input("image", "batch", 3, 8, 8)
        .constantNode("kernel", 5, 3, 3, 3)
        .constantNode("kernel_bias", 5)
        .constantNode("dense", 4, 180)
        .constantNode("dense_bias", 4)
        .node("Conv", "image kernel kernel_bias", "conv")
        .node("Relu", "conv", "relu")
        .node("Flatten", "relu", "flat")
        .node("Gemm", "flat dense dense_bias", "y", integer("transB", 1))
        .output("y");
  }

  /** x[batch, 6] through a MatMul and a Gemm with bias, y[batch, 4], as an exporter leaves it. */
  public static Models exportedMlp() {
    return Models.exported(13)
        .input("x", TensorProto.DataType.FLOAT, "batch", 6)
        .weight("w1", 6, 8)
        .weight("b1", 8)
        .weight("w2", 4, 8)
        .weight("b2", 4)
        .node("MatMul", "first", List.of("x", "w1"), "m")
        .node("Add", "shift", List.of("m", "b1"), "a")
        .node("Relu", "bend", List.of("a"), "r")
        .node("Gemm", "second", List.of("r", "w2", "b2"), "y", integer("transB", 1))
        .output("y", TensorProto.DataType.FLOAT, "batch", 4);
  }

  /**
   * image[batch, 3, 8, 8] through two convolutions with a residual sum and pooling. Sixteen
   * channels are the fewest that TensorRT computes in integers.
   */
  public static Models residualCnn() {
    return Models.opset(13)
        .input("image", "batch", 3, 8, 8)
        .weight("k1", 16, 3, 3, 3)
        .weight("b1", 16)
        .weight("k2", 16, 16, 3, 3)
        .node("Conv", "image k1 b1", "c1", Models.ints("pads", 1L, 1L, 1L, 1L))
        .node("Relu", "c1", "r1")
        .node("Conv", "r1 k2", "c2", Models.ints("pads", 1L, 1L, 1L, 1L))
        .node("Add", "c2 r1", "a")
        .node("MaxPool", "a", "p", Models.ints("kernel_shape", 2L, 2L))
        .node("Relu", "p", "y")
        .output("y");
  }

  /** The convolution and the dense layer of {@link #cnn} in old operators, as exported. */
  public static Models exportedCnn() {
    return Models.exported(11)
        .input("image", TensorProto.DataType.FLOAT, "n", 3, 8, 8)
        .constantNode("kernel", 5, 3, 3, 3)
        .constantNode("kernel_bias", 5)
        .constantNode("dense", 4, 180)
        .constantNode("dense_bias", 4)
        .node("Conv", "conv", List.of("image", "kernel", "kernel_bias"), "c")
        .node("Relu", "bend", List.of("c"), "r")
        .node("Flatten", "flat", List.of("r"), "f")
        .node("Gemm", "dense", List.of("f", "dense", "dense_bias"), "y", integer("transB", 1))
        .output("y", TensorProto.DataType.FLOAT, "n", 4);
  }
}
