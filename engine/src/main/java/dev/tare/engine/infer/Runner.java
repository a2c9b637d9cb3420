package dev.tare.engine.infer;

import dev.tare.engine.tensor.Sample;
import java.util.List;

/**
 * Runs batches through a model and hands out its tensors, in buffers that are reused from batch to
 * batch.
 *
 * <p>Not thread-safe; confined to one task.
 */
public interface Runner {

  /**
   * Runs samples of equal shapes as one batch along the dimension of each input that its batch has.
   *
   * @param batch at least one sample; all with the same {@link Sample#shapeKey}
   * @throws IllegalArgumentException if the batch is empty or its shapes differ
   * @throws InferenceException if the runtime cannot run it
   */
  void run(List<Sample> batch, TensorSink sink);

  /**
   * Makes sure that outputs of several samples can be told apart.
   *
   * @throws InferenceException if an output had several shapes in batches of equal input shapes
   */
  void requireEqualShapes();
}
