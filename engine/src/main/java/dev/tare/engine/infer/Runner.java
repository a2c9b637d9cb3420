package dev.tare.engine.infer;

import dev.tare.engine.tensor.Sample;
import java.util.List;

/**
 * Runs batches through a model and passes its outputs to a sink, in buffers that are reused from
 * batch to batch.
 *
 * <p>Not thread-safe; confined to one task.
 */
public interface Runner {

  /**
   * Runs samples of equal shapes as one batch, along the batch axis of each input.
   *
   * @param batch at least one sample; all with the same {@link Sample#shapeKey}
   * @throws IllegalArgumentException if the batch is empty or its shapes differ
   * @throws InferenceException if the runtime cannot run it
   */
  void run(List<Sample> batch, TensorSink sink);

  /**
   * Checks that outputs of several samples can be separated.
   *
   * @throws InferenceException if an output had several shapes in batches of equal input shapes
   */
  void requireEqualShapes();
}
