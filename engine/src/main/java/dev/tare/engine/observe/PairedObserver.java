package dev.tare.engine.observe;

import dev.tare.engine.statistics.BlockKey;
import dev.tare.engine.statistics.GramScales;
import dev.tare.engine.statistics.PairedBlock;
import dev.tare.engine.statistics.PairedChannel;
import dev.tare.engine.statistics.PairedSums;
import dev.tare.engine.tensor.Shape;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;

/**
 * Collects the paired sums of one tensor that two models compute: first what the float model made
 * of a sample, then what the quantized one did.
 *
 * <p>Not thread-safe; confined to one Spark task. Memory: two bytes for each value of a sample, and
 * 112 bytes a channel.
 */
public final class PairedObserver {

  /** What is no code: outside of them, or no number. */
  private static final short OUTSIDE = Short.MIN_VALUE;

  /** Codes of 16 bits instead of 8, less three bits of room. */
  private static final int SPARE = 16 - 8 - 3;

  private static final int COUNT = 0;
  private static final int QUANTIZED = 1;
  private static final int EXPECTED = 2;
  private static final int SQUARES = 3;
  private static final int PRODUCTS = 4;
  private static final int EXPECTED_SQUARES = 5;
  private static final int SEEN = 6;
  private static final int SUMS = 7;

  private final String tensor;
  private final ChannelAxis axis;
  private final String planSha256;
  private final List<Integer> exponents;
  private final double[] inverse;
  private final long[][] sums;
  private short[] waiting = new short[0];
  private Shape expected;

  /**
   * Creates a collector without values.
   *
   * @param channelAxis the channel axis; negative from the end
   * @param exponents of the scales, one for each channel
   * @param planSha256 hash of the plan of the quantized model
   */
  public PairedObserver(
      String tensor, int channelAxis, List<Integer> exponents, String planSha256) {
    this.tensor = BlockKey.ofWhole(tensor).tensor();
    this.axis = new ChannelAxis(tensor, channelAxis);
    this.planSha256 = planSha256;
    this.exponents = List.copyOf(exponents);
    this.inverse = new double[exponents.size()];
    for (int c = 0; c < inverse.length; c++) {
      inverse[c] = Math.scalb(1.0, -exponents.get(c));
    }
    this.sums = new long[2][SUMS * inverse.length];
  }

  /**
   * Returns the exponents of scales with room for eight times what was seen of each channel, since
   * what is outside of the codes is not summed.
   *
   * @param reaches the largest magnitude of each channel; finite, 0 for one without values
   */
  public static List<Integer> exponents(List<Float> reaches) {
    return GramScales.ofReaches(reaches).exponents().stream()
        .map(exponent -> Math.max(GramScales.LOWEST, exponent - SPARE))
        .toList();
  }

  /**
   * Takes what the float model computed, to be paired with the next {@link #observe}.
   *
   * @param littleEndianFloats float32 values, row-major, from position to limit; both stay
   *     unchanged
   * @throws IllegalArgumentException if the bytes are not those of the shape, or its channels are
   *     others
   */
  public void expect(ByteBuffer littleEndianFloats, Shape shape) {
    FloatBuffer values = values(littleEndianFloats, shape);
    axis.accept(shape);
    if (axis.channels() != inverse.length) {
      throw new IllegalArgumentException(
          "Cannot observe tensor '%s': %d channels, but scales for %d"
              .formatted(tensor, axis.channels(), inverse.length));
    }
    int size = (int) shape.size();
    if (waiting.length < size) {
      waiting = new short[size];
    }
    int inner = (int) shape.stride(axis.axis());
    for (int i = 0, c = 0; i < size; c = c + 1 == inverse.length ? 0 : c + 1) {
      for (int end = i + inner; i < end; i++) {
        waiting[i] = code(values.get(i), inverse[c]);
      }
    }
    expected = shape;
  }

  /**
   * Adds the pairs of what was expected and what the quantized model computed.
   *
   * @param second whether the sample is of the second half
   * @throws IllegalArgumentException if the shape is not that of what was expected
   */
  public void observe(ByteBuffer littleEndianFloats, Shape shape, boolean second) {
    FloatBuffer values = values(littleEndianFloats, shape);
    if (!shape.equals(expected)) {
      throw new IllegalArgumentException(
          "Cannot compare tensor '%s': shape %s in the quantized model, %s in the float one"
              .formatted(tensor, shape, expected));
    }
    long[] own = sums[second ? 1 : 0];
    int size = (int) shape.size();
    int inner = (int) shape.stride(axis.axis());
    for (int i = 0, c = 0; i < size; c = c + 1 == inverse.length ? 0 : c + 1) {
      int at = c * SUMS;
      own[at + SEEN] += inner;
      for (int end = i + inner; i < end; i++) {
        long x = code(values.get(i), inverse[c]);
        long y = waiting[i];
        if (x == OUTSIDE || y == OUTSIDE) {
          continue;
        }
        own[at + COUNT]++;
        own[at + QUANTIZED] += x;
        own[at + EXPECTED] += y;
        own[at + SQUARES] += x * x;
        own[at + PRODUCTS] += x * y;
        own[at + EXPECTED_SQUARES] += y * y;
      }
    }
    expected = null;
  }

  private FloatBuffer values(ByteBuffer littleEndianFloats, Shape shape) {
    FloatBuffer floats = littleEndianFloats.slice().order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer();
    if (floats.remaining() != shape.size() || littleEndianFloats.remaining() % Float.BYTES != 0) {
      throw new IllegalArgumentException(
          "Cannot observe tensor '%s' of shape %s: %d bytes instead of %d values of %d"
              .formatted(tensor, shape, littleEndianFloats.remaining(), shape.size(), Float.BYTES));
    }
    return floats;
  }

  private static short code(float value, double inverse) {
    double code = Math.rint(value * inverse);
    return code >= -PairedSums.MOST && code <= PairedSums.MOST ? (short) code : OUTSIDE;
  }

  /** What was collected, sorted by key; nothing before the first sample. */
  public Iterator<PairedBlock> blocks() {
    Blocks<PairedBlock> blocks =
        new Blocks<>(
            tensor,
            axis.channels(),
            () -> {
              throw new IllegalStateException("Only channels have paired sums");
            },
            this::block);
    return blocks.onlyChannels();
  }

  private PairedBlock block(int from, int to) {
    List<PairedChannel> rows = new ArrayList<>();
    for (int c = from; c < to; c++) {
      rows.add(new PairedChannel(exponents.get(c), sums(sums[0], c), sums(sums[1], c)));
    }
    return new PairedBlock(
        new BlockKey(tensor, axis.axis(), from), inverse.length, planSha256, rows);
  }

  private static PairedSums sums(long[] half, int channel) {
    int at = channel * SUMS;
    return new PairedSums(
        half[at + COUNT],
        half[at + SEEN] - half[at + COUNT],
        half[at + QUANTIZED],
        half[at + EXPECTED],
        half[at + SQUARES],
        half[at + PRODUCTS],
        half[at + EXPECTED_SQUARES]);
  }
}
