package dev.tare.engine.safetensors;

import dev.tare.engine.tensor.Shape;

/**
 * A tensor without its place: name, element type and shape.
 *
 * @param name as PyTorch calls it, such as {@code model.layers.0.mlp.up_proj.weight}
 */
public record TensorSpec(String name, ElementType type, Shape shape) {

  /**
   * @throws IllegalArgumentException if the number of bytes overflows a long
   */
  public TensorSpec {
    try {
      Math.multiplyExact(shape.size(), type.bytes());
    } catch (ArithmeticException e) {
      throw new IllegalArgumentException(
          "The bytes of tensor '%s' of shape %s overflow".formatted(name, shape), e);
    }
  }

  /** Bytes of the whole tensor. */
  public long bytes() {
    return shape.size() * type.bytes();
  }
}
