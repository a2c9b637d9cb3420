package dev.tare.engine.observe;

import dev.tare.engine.statistics.BlockKey;
import dev.tare.engine.statistics.GramBlock;
import dev.tare.engine.statistics.GramRow;
import dev.tare.engine.statistics.GramScales;
import dev.tare.engine.tensor.SampleOrigin;
import dev.tare.engine.tensor.Shape;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;

/**
 * Collects the Gram matrix of one tensor: for every position outside the channel axis, the vector
 * of its channels becomes codes, and their products with each other are summed, or only their
 * squares. For a convolution the vectors are {@link Patches} instead, of up to {@value
 * PatchGrid#MOST} positions of a sample.
 *
 * <p>Not thread-safe; confined to one Spark task. Vectors wait until there are enough for one
 * multiplication, so the cost of a call does not depend on how many a batch has. Memory: {@link
 * #heapBytes}, or {@link #diagonalBytes}.
 */
public final class GramObserver implements Collector {

  /** Codes that wait at most. */
  private static final int WAITING_BYTES = 4 << 20;

  private static final int LEAST_VECTORS = 256;

  private final String tensor;
  private final ChannelAxis axis;
  private final Optional<Patches> patches;
  private final GramScales scales;
  private final Optional<CodeProducts> products;
  private final double[] inverse;
  private final byte[] codes;
  private final int room;
  private final long[][] upper;
  private final long[] sums;
  private final long[] saturated;
  private float[] values = new float[0];
  private int waiting;
  private long count;

  /**
   * Creates a collector without values.
   *
   * @param channelAxis the channel axis; negative from the end
   * @param scales one for each channel
   * @param products multiplies; collectors of one thread may share it
   */
  public GramObserver(String tensor, int channelAxis, GramScales scales, CodeProducts products) {
    this(tensor, channelAxis, Optional.empty(), scales, Optional.of(products));
  }

  /**
   * Creates a collector of the diagonal alone.
   *
   * @param channelAxis the channel axis; negative from the end; 1 for patches
   * @param patches of a convolution; empty for vectors
   * @param scales one for each channel, or each tap of each channel
   */
  public static GramObserver ofDiagonal(
      String tensor, int channelAxis, Optional<Patches> patches, GramScales scales) {
    String matrix = patches.map(own -> own.matrix(tensor)).orElse(tensor);
    return new GramObserver(matrix, channelAxis, patches, scales, Optional.empty());
  }

  /**
   * Creates a collector of patches of a tensor {@code [N, C, ...]}.
   *
   * @param tensor its name; the matrix is named by {@link Patches#matrix}
   * @param scales one for each tap of each channel
   * @param products multiplies; collectors of one thread may share it
   */
  public static GramObserver ofPatches(
      String tensor, Patches patches, GramScales scales, CodeProducts products) {
    return new GramObserver(
        patches.matrix(tensor), 1, Optional.of(patches), scales, Optional.of(products));
  }

  private GramObserver(
      String matrix,
      int channelAxis,
      Optional<Patches> patches,
      GramScales scales,
      Optional<CodeProducts> products) {
    this.tensor = BlockKey.ofWhole(matrix).tensor();
    this.axis = new ChannelAxis(matrix, channelAxis);
    this.patches = patches;
    this.scales = scales;
    this.products = products;
    int channels = scales.channels();
    this.inverse = new double[channels];
    this.upper = new long[channels][];
    for (int j = 0; j < channels; j++) {
      inverse[j] = Math.scalb(1.0, -scales.exponents().get(j));
      upper[j] = new long[products.isPresent() ? channels - j : 1];
    }
    this.room = products.isPresent() ? waiting(channels) : 0;
    this.codes = new byte[room * channels];
    this.sums = new long[channels];
    this.saturated = new long[channels];
  }

  private static int waiting(int channels) {
    return Math.max(LEAST_VECTORS, Math.min(CodeProducts.MAX_VECTORS, WAITING_BYTES / channels));
  }

  /** Bytes of heap for a tensor of so many channels. */
  public static long heapBytes(int channels) {
    long sums = (channels + 1L) * channels / 2 * Long.BYTES + 24L * channels;
    return sums + (long) waiting(channels) * channels + 24L * channels;
  }

  /** Bytes of heap for the diagonal of a tensor of so many channels. */
  public static long diagonalBytes(int channels) {
    return 80L * channels;
  }

  @Override
  public void observe(ByteBuffer littleEndianFloats, Shape shape, List<SampleOrigin> samples) {
    FloatBuffer floats = littleEndianFloats.slice().order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer();
    if (floats.remaining() != shape.size() || littleEndianFloats.remaining() % Float.BYTES != 0) {
      throw new IllegalArgumentException(
          "Cannot observe tensor '%s' of shape %s: %d bytes instead of %d values of %d"
              .formatted(tensor, shape, littleEndianFloats.remaining(), shape.size(), Float.BYTES));
    }
    Optional<PatchGrid> grid = patches.map(own -> own.over(tensor, shape));
    axis.accept(shape);
    int taps = patches.map(Patches::taps).orElse(1);
    if (axis.channels() * taps != scales.channels()) {
      throw new IllegalArgumentException(
          "Cannot observe tensor '%s': %d channels, but scales for %d"
              .formatted(tensor, axis.channels() * taps, scales.channels()));
    }
    int inner = (int) shape.stride(axis.axis());
    int piece = inner * axis.channels();
    if (values.length < piece) {
      values = new float[piece];
    }
    for (int left = floats.remaining(); left > 0; left -= piece) {
      floats.get(values, 0, piece);
      grid.ifPresentOrElse(
          this::addPatches,
          () -> {
            for (int i = 0; i < inner; i++) {
              add(values, i, inner);
            }
          });
    }
  }

  private void addPatches(PatchGrid grid) {
    float[] vector = new float[scales.channels()];
    for (int window : grid.chosen()) {
      grid.read(values, window, vector);
      add(vector, 0, 1);
    }
  }

  /** Adds the vector at a position. */
  private void add(float[] from, int position, int stride) {
    int channels = inverse.length;
    int at = waiting * channels;
    for (int j = 0; j < channels; j++) {
      double code = Math.rint(from[position + j * stride] * inverse[j]);
      if (!(code >= GramScales.LEAST && code <= GramScales.MOST)) {
        saturated[j]++;
        // NaN becomes 0.
        code = code > 0 ? GramScales.MOST : code < 0 ? GramScales.LEAST : 0;
      }
      if (room == 0) {
        upper[j][0] += (long) (code * code);
      } else {
        codes[at + j] = (byte) code;
      }
      sums[j] += (long) code;
    }
    count++;
    if (room > 0 && ++waiting == room) {
      flush();
    }
  }

  private void flush() {
    if (waiting > 0) {
      products.orElseThrow().add(codes, waiting, inverse.length, upper);
      waiting = 0;
    }
  }

  @Override
  public Iterator<GramBlock> blocks() {
    flush();
    Blocks<GramBlock> blocks =
        new Blocks<>(
            tensor,
            count == 0 ? 0 : scales.channels(),
            () -> {
              throw new IllegalStateException("Only channels have a Gram matrix");
            },
            this::block);
    return blocks.onlyChannels();
  }

  private GramBlock block(int from, int to) {
    List<GramRow> rows = new ArrayList<>();
    for (int j = from; j < to; j++) {
      rows.add(new GramRow(scales.exponents().get(j), saturated[j], sums[j], upper[j]));
    }
    BlockKey key = new BlockKey(tensor, axis.axis(), from);
    return new GramBlock(key, scales.channels(), scales.sha256(), count, rows);
  }
}
