package dev.tare.engine.infer;

import dev.tare.engine.tensor.Shape;
import java.nio.ByteBuffer;

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
}
