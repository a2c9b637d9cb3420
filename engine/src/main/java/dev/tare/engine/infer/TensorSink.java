package dev.tare.engine.infer;

import dev.tare.engine.tensor.Shape;
import java.nio.ByteBuffer;
import java.nio.LongBuffer;

/** Receives the output tensors of a batch. */
@FunctionalInterface
public interface TensorSink {

  /**
   * Called once per requested output, in the order requested.
   *
   * @param tensor name of the output
   * @param floats float32 values in native byte order, row-major; valid only during the call
   * @param shape shape with the batch dimension
   */
  void accept(String tensor, ByteBuffer floats, Shape shape);

  /**
   * Called instead for an output of {@link OutputKind#LABELS}.
   *
   * @param tensor name of the output
   * @param labels one number for each element, equal where the elements are, row-major
   * @param shape shape with the batch dimension
   */
  default void labels(String tensor, LongBuffer labels, Shape shape) {
    throw new IllegalArgumentException("'" + tensor + "' contains no floating-point numbers");
  }
}
