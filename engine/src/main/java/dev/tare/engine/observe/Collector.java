package dev.tare.engine.observe;

import dev.tare.engine.statistics.MergeableState;
import dev.tare.engine.tensor.SampleOrigin;
import dev.tare.engine.tensor.Shape;
import java.nio.ByteBuffer;
import java.util.Iterator;
import java.util.List;

/**
 * Fills the states of one kind from the batches of one tensor.
 *
 * <p>Not thread-safe; confined to one Spark task. The states depend only on the multiset of
 * observed values and their samples, not on batches or their order. A refused call leaves the
 * collector unchanged.
 */
public interface Collector {

  /**
   * Adds a batch to the states.
   *
   * @param littleEndianFloats float32 values, row-major, from position to limit; both stay
   *     unchanged
   * @param samples those of the batch, in its order; empty where they are not known
   * @throws IllegalArgumentException if the bytes are not those of the shape
   * @throws ChannelsDifferException if the shape lacks the channel axis, or channels differ from
   *     those of earlier batches
   */
  void observe(ByteBuffer littleEndianFloats, Shape shape, List<SampleOrigin> samples);

  /**
   * Returns what was collected, sorted by key; each block is built when the iterator reaches it.
   */
  Iterator<? extends MergeableState> blocks();
}
