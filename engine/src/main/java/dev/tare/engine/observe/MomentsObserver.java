package dev.tare.engine.observe;

import dev.tare.engine.statistics.BlockKey;
import dev.tare.engine.statistics.Moments;
import dev.tare.engine.statistics.MomentsBlock;
import dev.tare.engine.tensor.SampleOrigin;
import dev.tare.engine.tensor.Shape;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.IntBuffer;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;

/**
 * Collects exact sums of one tensor and of its channels.
 *
 * <p>Not thread-safe; confined to one Spark task. Memory: {@link StateMemory#momentsBytes}.
 */
public final class MomentsObserver implements Collector {

  private final String tensor;
  private final Optional<ChannelAxis> axis;

  /** The values of a row that share a line of the cache. */
  private static final int COLUMNS = 16;

  private final int[] tile;
  private Optional<ExactSums> sums = Optional.empty();

  /**
   * Creates a collector without values.
   *
   * @param options only the channel axis is used; with channel mode NONE only the whole tensor has
   *     sums
   * @param room a buffer from {@link Observer#room}; collectors of one thread may share it
   * @throws IllegalArgumentException if the name is empty or not encodable in UTF-8
   */
  public MomentsObserver(String tensor, ObserverOptions options, int[] room) {
    this.tensor = BlockKey.ofWhole(tensor).tensor();
    this.tile = room;
    this.axis =
        options.channelMode() == ChannelMode.NONE
            ? Optional.empty()
            : Optional.of(new ChannelAxis(tensor, options.channelAxis().orElseThrow()));
  }

  @Override
  public void observe(ByteBuffer littleEndianFloats, Shape shape, List<SampleOrigin> samples) {
    IntBuffer bits = littleEndianFloats.slice().order(ByteOrder.LITTLE_ENDIAN).asIntBuffer();
    if (bits.remaining() != shape.size() || littleEndianFloats.remaining() % Float.BYTES != 0) {
      throw new IllegalArgumentException(
          "Cannot observe tensor '%s' of shape %s: %d bytes instead of %d values of %d"
              .formatted(tensor, shape, littleEndianFloats.remaining(), shape.size(), Float.BYTES));
    }
    axis.ifPresent(own -> own.accept(shape));
    ExactSums own = sums();
    int size = (int) shape.size();
    own.expect(size / own.channels());
    int inner = axis.map(a -> (int) shape.stride(a.axis())).orElse(Math.max(1, size));
    if (inner == 1 && own.channels() > 1) {
      addColumns(own, bits, size / own.channels());
      return;
    }
    int length;
    for (int done = 0; done < size; done += length) {
      length = Math.min(tile.length, size - done);
      bits.get(done, tile, 0, length);
      add(own, done, length, inner);
    }
  }

  private ExactSums sums() {
    if (sums.isEmpty()) {
      sums = Optional.of(new ExactSums(axis.map(ChannelAxis::channels).orElse(1)));
    }
    return sums.get();
  }

  /** Adds a tile run by run; a run is adjacent values of one channel. */
  private void add(ExactSums own, int first, int length, int inner) {
    int channel = first / inner % own.channels();
    int to = Math.min(length, inner - first % inner);
    for (int from = 0; from < length; ) {
      own.add(channel, tile, from, to - from, 1);
      channel = channel + 1 == own.channels() ? 0 : channel + 1;
      from = to;
      to = Math.min(length, from + inner);
    }
  }

  /** Adds a few channels over many rows at a time, so that a channel has many values together. */
  private void addColumns(ExactSums own, IntBuffer bits, int rows) {
    int width = own.channels();
    int columns;
    for (int first = 0; first < width; first += columns) {
      columns = Math.min(COLUMNS, width - first);
      int taken;
      for (int row = 0; row < rows; row += taken) {
        taken = Math.min(tile.length / columns, rows - row);
        for (int i = 0; i < taken; i++) {
          bits.get((row + i) * width + first, tile, i * columns, columns);
        }
        for (int i = 0; i < columns; i++) {
          own.add(first + i, tile, i, taken, columns);
        }
      }
    }
  }

  @Override
  public Iterator<MomentsBlock> blocks() {
    int size = axis.map(ChannelAxis::channels).orElse(0);
    return new Blocks<>(
        tensor,
        size,
        () -> new MomentsBlock(BlockKey.ofWhole(tensor), 1, List.of(whole())),
        (from, to) -> ofChannels(from, to, size));
  }

  private MomentsBlock ofChannels(int from, int to, int size) {
    List<Moments> rows = new ArrayList<>();
    for (int channel = from; channel < to; channel++) {
      rows.add(sums.orElseThrow().moments(channel));
    }
    return new MomentsBlock(new BlockKey(tensor, axis.orElseThrow().axis(), from), size, rows);
  }

  /** The sum of all channels is that of the tensor. */
  private Moments whole() {
    Moments all = Moments.EMPTY;
    for (int channel = 0; channel < sums.map(ExactSums::channels).orElse(0); channel++) {
      all = all.merge(sums.get().moments(channel));
    }
    return all;
  }
}
