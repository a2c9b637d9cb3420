package dev.tare.engine.observe;

import dev.tare.engine.tensor.SampleOrigin;
import java.util.List;
import java.util.Optional;

/**
 * Tracks which sample contains one extreme of a tensor; not thread-safe.
 *
 * <p>If several samples contain the extreme, the one with the first origin is kept, so batches and
 * their order do not matter.
 *
 * <p>A batch is read again only where it could change the answer. Batches that move the extreme are
 * rare: their number grows with the logarithm of all. A batch that repeats it, as zeros after a
 * ReLU do, adds to the extreme's bin; then only samples that come before the current one are read,
 * and the first that contains the extreme ends the search: a new smallest hash is rare too. The
 * expensive case, still cheaper than counting the batch again, is a tensor whose batches all reach
 * the bin of the extreme (2^-10 of it wide) but hardly ever the extreme itself.
 */
final class ExtremeSample {

  private float extreme = Float.NaN;
  private long inBin;
  private Optional<SampleOrigin> holder = Optional.empty();

  /**
   * Updates the sample after a batch was counted.
   *
   * @param now the extreme with this batch; NaN when there is none
   * @param nowInBin values so far in the bin of the extreme
   * @param samples of the batch, each an equal part of the values, in their order
   * @param tile buffer to read values into
   */
  void update(
      float now,
      long nowInBin,
      BitSource values,
      int size,
      List<SampleOrigin> samples,
      int[] tile) {
    boolean moved = now != extreme;
    if (Float.isNaN(now) || (!moved && nowInBin == inBin)) {
      return;
    }
    if (moved) {
      holder = Optional.empty();
    }
    extreme = now;
    inBin = nowInBin;
    int length = size / samples.size();
    int[] order = candidates(samples);
    for (int sample : order) {
      if (holds(values, sample * length, length, tile)) {
        holder = Optional.of(samples.get(sample));
        return;
      }
    }
  }

  /** Positions of the samples that come before the current one, sorted by origin. */
  private int[] candidates(List<SampleOrigin> samples) {
    return java.util.stream.IntStream.range(0, samples.size())
        .filter(i -> holder.isEmpty() || samples.get(i).compareTo(holder.get()) < 0)
        .boxed()
        .sorted((a, b) -> samples.get(a).compareTo(samples.get(b)))
        .mapToInt(Integer::intValue)
        .toArray();
  }

  private boolean holds(BitSource values, int from, int size, int[] tile) {
    int bits = Float.floatToRawIntBits(extreme);
    int negative = bits == 0 ? Integer.MIN_VALUE : bits;
    int length;
    for (int done = 0; done < size; done += length) {
      length = Math.min(tile.length, size - done);
      values.read(from + done, tile, 0, length);
      for (int i = 0; i < length; i++) {
        if (tile[i] == bits || tile[i] == negative) {
          return true;
        }
      }
    }
    return false;
  }

  /**
   * Returns the sample that contains an extreme; empty if the extreme was seen in a batch of
   * unknown samples.
   */
  Optional<SampleOrigin> holderOf(float value) {
    return value == extreme ? holder : Optional.empty();
  }
}
