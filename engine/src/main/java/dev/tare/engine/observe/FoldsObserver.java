package dev.tare.engine.observe;

import dev.tare.engine.statistics.BlockKey;
import dev.tare.engine.statistics.FoldsBlock;
import dev.tare.engine.statistics.StatisticsBlock;
import dev.tare.engine.tensor.SampleOrigin;
import dev.tare.engine.tensor.Shape;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;

/**
 * Collects the statistics of one tensor for each fold of the samples: a histogram of the whole
 * tensor with {@value #MANTISSA_BITS} mantissa bits, and the extremes of channels.
 *
 * <p>Not thread-safe; confined to one Spark task. Costs a second look at every value, 1 to 1.3 ns.
 * Memory: {@link StateMemory#foldsBytes}.
 */
public final class FoldsObserver implements Collector {

  /** A bin is less than a hundredth of its value wide. */
  static final int MANTISSA_BITS = 7;

  private final String tensor;
  private final Optional<ChannelAxis> axis;
  private final List<Observer> observers = new ArrayList<>(FoldsBlock.FOLDS);

  /**
   * Creates a collector without values.
   *
   * @param options only the channel axis is used; with channel mode NONE nothing is kept of
   *     channels
   * @param room a buffer from {@link Observer#room}; collectors of one thread may share it
   * @throws IllegalArgumentException if the name is empty or not encodable in UTF-8
   */
  public FoldsObserver(String tensor, ObserverOptions options, int[] room) {
    ObserverOptions own = options(options);
    this.tensor = BlockKey.ofWhole(tensor).tensor();
    this.axis =
        own.channelMode() == ChannelMode.NONE
            ? Optional.empty()
            : Optional.of(new ChannelAxis(tensor, own.channelAxis().orElseThrow()));
    for (int fold = 0; fold < FoldsBlock.FOLDS; fold++) {
      observers.add(Observer.create(tensor, own, WholeTables.PAGED, room));
    }
  }

  /** What is kept of a fold of a tensor of which more is kept otherwise. */
  static ObserverOptions options(ObserverOptions whole) {
    return new ObserverOptions(
        MANTISSA_BITS,
        whole.channelMode() == ChannelMode.NONE ? ChannelMode.NONE : ChannelMode.EXTREMES,
        whole.channelBits(),
        whole.channelAxis());
  }

  /**
   * Adds a batch.
   *
   * @param samples each has an equal part of consecutive values
   * @throws IllegalArgumentException if no sample is known, or the values cannot be divided so
   */
  @Override
  public void observe(ByteBuffer littleEndianFloats, Shape shape, List<SampleOrigin> samples) {
    int size = samples.size();
    if (size == 0 || shape.size() % size != 0) {
      throw new IllegalArgumentException(
          "Cannot divide tensor '%s' of shape %s among %d samples".formatted(tensor, shape, size));
    }
    if (littleEndianFloats.remaining() != shape.size() * Float.BYTES) {
      throw new IllegalArgumentException(
          "Cannot observe tensor '%s' of shape %s: %d bytes instead of %d values of %d"
              .formatted(tensor, shape, littleEndianFloats.remaining(), shape.size(), Float.BYTES));
    }
    axis.ifPresent(own -> own.accept(shape));
    Shape one = ofOne(shape, size);
    int bytes = littleEndianFloats.remaining() / size;
    for (int i = 0; i < size; i++) {
      ByteBuffer own = littleEndianFloats.slice(littleEndianFloats.position() + i * bytes, bytes);
      observers.get(FoldsBlock.foldOf(samples.get(i))).observe(own, one);
    }
  }

  /** The same axis of channels, of fewer values each. */
  private Shape ofOne(Shape shape, int samples) {
    if (samples == 1) {
      return shape;
    }
    int own = axis.map(ChannelAxis::axis).orElse(shape.rank());
    long[] dims = new long[Math.max(1, shape.rank())];
    long outer = 1;
    for (int d = 0; d < shape.rank(); d++) {
      dims[d] = d < own ? 1 : shape.dim(d);
      outer *= d < own ? shape.dim(d) : 1;
    }
    if (own == 0 || outer % samples != 0) {
      throw new IllegalArgumentException(
          "Cannot divide tensor '%s' of shape %s among %d samples: run one at a time"
              .formatted(tensor, shape, samples));
    }
    dims[0] = outer / samples;
    return Shape.of(dims);
  }

  @Override
  public Iterator<FoldsBlock> blocks() {
    int size = axis.map(ChannelAxis::channels).orElse(0);
    List<Iterator<StatisticsBlock>> own = observers.stream().map(Observer::blocks).toList();
    return new Blocks<>(
        tensor,
        size,
        () -> next(own, BlockKey.ofWhole(tensor), 1, 1, MANTISSA_BITS),
        (from, to) ->
            next(own, new BlockKey(tensor, axis.orElseThrow().axis(), from), size, to - from, 0));
  }

  /** Folds without samples have not learned how many channels there are. */
  private static FoldsBlock next(
      List<Iterator<StatisticsBlock>> own, BlockKey key, int channels, int rows, int bits) {
    List<StatisticsBlock> folds = new ArrayList<>(FoldsBlock.FOLDS);
    for (Iterator<StatisticsBlock> fold : own) {
      folds.add(fold.hasNext() ? fold.next() : FoldsBlock.empty(key, channels, rows, bits));
    }
    return new FoldsBlock(folds);
  }
}
