package dev.tare.engine.observe;

import dev.tare.engine.histogram.FloatBins;
import dev.tare.engine.statistics.BlockKey;
import dev.tare.engine.statistics.Statistics;
import dev.tare.engine.statistics.StatisticsBlock;
import dev.tare.engine.statistics.TensorStatistics;
import dev.tare.engine.tensor.SampleOrigin;
import dev.tare.engine.tensor.Shape;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.IntBuffer;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * Collects the statistics of one tensor from the values of its batches.
 *
 * <p>Not thread-safe; confined to one Spark task. The statistics depend only on the multiset of
 * observed values and their samples, not on batches or their order, and merge with those of other
 * observers. A refused call leaves the observer unchanged.
 *
 * <p>Cost: values are read once, in tiles that stay in cache: about 1 ns per value, 1.3 ns with
 * channel extremes, 3 ns with channel histograms. Memory: {@link StateMemory}.
 */
public final class Observer implements Collector {

  /**
   * Number of values that fit the second-level cache, in enough rows to make loading a table
   * worthwhile.
   */
  private static final int TILE = 1 << 15;

  /** Number of channels read together: a multiple of those of a table. */
  private static final int SLICE = 4 * WindowCounts.CHANNELS;

  /** The same without histograms, where no table has to stay in cache for the next tile. */
  private static final int WIDE_SLICE = 32 * WindowCounts.CHANNELS;

  private final String tensor;
  private final ObserverOptions options;
  private final WholeCounter whole;
  private final Optional<ChannelAxis> axis;
  private final int[] tile;

  private final ExtremeSample minSample = new ExtremeSample();
  private final ExtremeSample maxSample = new ExtremeSample();

  private Optional<ChannelCounter> channels = Optional.empty();

  private Observer(String tensor, ObserverOptions options, WholeTables tables, int[] room) {
    this.tensor = tensor;
    this.options = options;
    this.tile = room;
    this.axis =
        options.channelMode() == ChannelMode.NONE
            ? Optional.empty()
            : Optional.of(new ChannelAxis(tensor, options.channelAxis().orElseThrow()));
    this.whole = new WholeCounter(tables.create(FloatBins.of(options.mantissaBits())));
  }

  /**
   * Creates an observer without values.
   *
   * @throws IllegalArgumentException if the name is empty or not encodable in UTF-8
   */
  public static Observer create(String tensor, ObserverOptions options) {
    return create(tensor, options, WholeTables.DENSE, room());
  }

  /**
   * Creates an observer without values.
   *
   * @param tables how the counts of the whole tensor are stored
   * @param room a buffer from {@link #room}; observers of one thread may share it
   * @throws IllegalArgumentException if the name is empty or not encodable in UTF-8
   */
  public static Observer create(
      String tensor, ObserverOptions options, WholeTables tables, int[] room) {
    return new Observer(BlockKey.ofWhole(tensor).tensor(), options, tables, room);
  }

  /**
   * Allocates a buffer of 128 KiB to read values into; its content does not matter between two
   * calls.
   */
  public static int[] room() {
    return new int[TILE];
  }

  /**
   * Adds a batch.
   *
   * @param littleEndianFloats float32 values, row-major, from position to limit; both stay
   *     unchanged
   * @throws IllegalArgumentException if the bytes are not those of the shape
   * @throws ChannelsDifferException if the shape lacks the channel axis, or channels differ from
   *     those of earlier batches
   */
  public void observe(ByteBuffer littleEndianFloats, Shape shape) {
    observe(littleEndianFloats, shape, List.of());
  }

  /**
   * Adds a batch of known samples, so that the statistics can name the samples that contain the
   * extremes.
   *
   * @param samples each has an equal part of consecutive values, as {@code BatchProbe} ensures. If
   *     the values cannot be divided so, or the list is empty, no sample is named for this batch
   */
  @Override
  public void observe(ByteBuffer littleEndianFloats, Shape shape, List<SampleOrigin> samples) {
    int bytes = littleEndianFloats.remaining();
    if (bytes % Float.BYTES != 0 || bytes / Float.BYTES != shape.size()) {
      throw new IllegalArgumentException(
          "Cannot observe tensor '%s' of shape %s: %d bytes instead of %d values of %d"
              .formatted(tensor, shape, bytes, shape.size(), Float.BYTES));
    }
    IntBuffer bits = littleEndianFloats.slice().order(ByteOrder.LITTLE_ENDIAN).asIntBuffer();
    observe(bits::get, shape);
    int size = (int) shape.size();
    if (!samples.isEmpty() && size % samples.size() == 0) {
      float low = channels.isPresent() ? channels.get().min() : whole.min();
      float high = channels.isPresent() ? channels.get().max() : whole.max();
      minSample.update(low, whole.inBinOf(low), bits::get, size, samples, tile);
      maxSample.update(high, whole.inBinOf(high), bits::get, size, samples, tile);
    }
  }

  /**
   * Adds a batch; slower than from bytes.
   *
   * @param values row-major, from position to limit; both stay unchanged
   * @throws IllegalArgumentException if the number of values differs from the shape's
   * @throws ChannelsDifferException if the shape lacks the channel axis, or channels differ from
   *     those of earlier batches
   */
  public void observe(FloatBuffer values, Shape shape) {
    if (values.remaining() != shape.size()) {
      throw new IllegalArgumentException(
          "Cannot observe tensor '%s' of shape %s: %d values instead of %d"
              .formatted(tensor, shape, values.remaining(), shape.size()));
    }
    FloatBuffer floats = values.slice();
    observe(
        (position, into, offset, length) -> {
          for (int i = 0; i < length; i++) {
            into[offset + i] = Float.floatToRawIntBits(floats.get(position + i));
          }
        },
        shape);
  }

  private void observe(BitSource source, Shape shape) {
    if (options.channelMode() == ChannelMode.NONE) {
      scanWhole(source, (int) shape.size());
      return;
    }
    axis.orElseThrow().accept(shape);
    ChannelCounter counter = counter();
    long inner = shape.stride(axis.orElseThrow().axis());
    counter.expect(shape.size() / counter.channels());
    if (inner == 1) {
      int rows = (int) (shape.size() / counter.channels());
      boolean histograms = options.channelMode() == ChannelMode.HISTOGRAM;
      scanColumns(source, rows, counter, histograms ? SLICE : WIDE_SLICE);
    } else {
      scanRuns(source, (int) shape.size(), (int) inner, counter);
    }
  }

  private ChannelCounter counter() {
    if (channels.isEmpty()) {
      Optional<FloatBins> bins =
          options.channelMode() == ChannelMode.HISTOGRAM
              ? Optional.of(FloatBins.of(options.channelBits()))
              : Optional.empty();
      channels = Optional.of(new ChannelCounter(axis.orElseThrow().channels(), bins));
    }
    return channels.get();
  }

  private void scanWhole(BitSource source, int size) {
    whole.beginFacts();
    int length;
    for (int done = 0; done < size; done += length) {
      length = Math.min(TILE, size - done);
      source.read(done, tile, 0, length);
      whole.add(tile, length);
    }
  }

  private void scanRuns(BitSource source, int size, int inner, ChannelCounter counter) {
    int length;
    for (int done = 0; done < size; done += length) {
      length = Math.min(TILE, size - done);
      whole.beginFacts();
      load(source, done, length);
      counter.addRuns(tile, length, done, inner, whole);
    }
  }

  /** Counts a few channels over many rows at a time, so that their tables stay in cache. */
  private void scanColumns(BitSource source, int rows, ChannelCounter counter, int slice) {
    int width = counter.channels();
    int columns;
    for (int first = 0; first < width; first += columns) {
      columns = Math.min(slice, width - first);
      int taken;
      for (int row = 0; row < rows; row += taken) {
        taken = Math.min(TILE / columns, rows - row);
        if (columns == width) {
          source.read(row * width, tile, 0, taken * width);
        } else {
          for (int i = 0; i < taken; i++) {
            source.read((row + i) * width + first, tile, i * columns, columns);
          }
        }
        whole.beginFacts();
        whole.addBins(tile, taken * columns);
        counter.addRows(tile, taken, first, columns, whole);
      }
    }
  }

  /** Reads a tile; its extremes are found per channel. */
  private void load(BitSource source, int position, int length) {
    source.read(position, tile, 0, length);
    whole.addBins(tile, length);
  }

  /** Returns a snapshot of everything observed so far; costs one pass over all tables. */
  public TensorStatistics statistics() {
    List<Statistics> rows = channels.map(c -> c.statistics(0, c.channels())).orElse(List.of());
    OptionalInt on =
        channels.isPresent() ? OptionalInt.of(axis.orElseThrow().axis()) : OptionalInt.empty();
    return new TensorStatistics(tensor, Optional.of(wholeRow()), on, rows);
  }

  private Statistics wholeRow() {
    Statistics all = channels.map(whole::statistics).orElseGet(whole::statistics);
    return all.heldBy(minSample.holderOf(all.min()), maxSample.holderOf(all.max()));
  }

  /** The blocks of {@link #statistics}, sorted by key. */
  @Override
  public Iterator<StatisticsBlock> blocks() {
    int size = channels.map(ChannelCounter::channels).orElse(0);
    return new Blocks<>(
        tensor,
        size,
        () -> StatisticsBlock.ofWhole(tensor, wholeRow()),
        (from, to) ->
            new StatisticsBlock(
                new BlockKey(tensor, axis.orElseThrow().axis(), from),
                size,
                channels.get().statistics(from, to)));
  }
}
