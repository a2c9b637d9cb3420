package dev.tare.engine.observe;

import dev.tare.engine.statistics.StatisticsBlock;
import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.function.Supplier;

/**
 * The blocks of one tensor in the order of their keys: the whole tensor, then its channels, each
 * built when the iterator reaches it. Rows need more memory than the tables they are made from, and
 * a tensor may have 100,000 channels.
 *
 * @param <B> the kind of block
 */
final class Blocks<B> implements Iterator<B> {

  /** Builds the block of the channels from one index to another, exclusive. */
  interface OfChannels<B> {
    B of(int from, int to);
  }

  private final String tensor;
  private final int channels;
  private final Supplier<B> whole;
  private final OfChannels<B> part;
  private boolean wholeDone;
  private int done;

  /**
   * @param tensor for the error of a call too many
   * @param channels number of channels; 0 for a tensor of which only the whole is known
   */
  Blocks(String tensor, int channels, Supplier<B> whole, OfChannels<B> part) {
    this.tensor = tensor;
    this.channels = channels;
    this.whole = whole;
    this.part = part;
  }

  /** Leaves out the whole tensor. */
  Blocks<B> onlyChannels() {
    wholeDone = true;
    return this;
  }

  @Override
  public boolean hasNext() {
    return !wholeDone || done < channels;
  }

  @Override
  public B next() {
    if (!wholeDone) {
      wholeDone = true;
      return whole.get();
    }
    if (done >= channels) {
      throw new NoSuchElementException("No more blocks of tensor '" + tensor + "'");
    }
    int first = done;
    done = Math.min(channels, first + StatisticsBlock.CHANNELS_PER_BLOCK);
    return part.of(first, done);
  }
}
