package dev.tare.engine.checkpoint;

import dev.tare.engine.safetensors.TensorSpec;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * Quantizes a weight [out, in], some of its rows after the other. Not thread-safe; confined to one
 * task. The bytes do not depend on how many rows are given at a time.
 *
 * <p>Where rows share scales, they are given together: as many as a block has, or several times
 * that, but for the last ones. A block's scale and codes follow from a copy of its values.
 *
 * <p>It keeps scales and zero points until they are asked for: 3 bytes for each group of a weight
 * in 16 bits, 1 of 85 bytes of the weight where groups have 128 values.
 *
 * <p>Packed integers are {@code q - qmin}, from the low bits of little-endian words of 32 bits up,
 * each row in words of its own. Codes of {@link Float4} are two in a byte, the first in its low
 * bits.
 */
public final class WeightEncoder {

  /** A row is quantized in memory, and so are the rows of a block. */
  public static final long MOST_COLUMNS = 1 << 24;

  private static final int WORD_BITS = 32;
  private static final int WORD_BYTES = 4;

  private final WeightScheme scheme;
  private final TensorSpec weight;
  private final int columns;
  private final int groups;
  private final GroupQuantizer group;
  private final float tensorScale;
  private final ByteBuffer scales;
  private final ZeroPoints zeroPoints;
  private float[] block = new float[0];
  private int row;
  private double signal;
  private double noise;

  /**
   * @throws IllegalArgumentException as below, or if the scheme has a scale of the tensor
   */
  public WeightEncoder(WeightScheme scheme, TensorSpec weight) {
    this(scheme, weight, scheme.hasTensorScale() ? Float.NaN : 0);
  }

  /**
   * @param largest the largest magnitude of the weight, or of those that share its scale; used
   *     where the scheme has a scale of the tensor
   * @throws IllegalArgumentException if that is negative or not finite, the weight is no matrix of
   *     floats that the scheme divides, or has more than 2^31 bytes of scales
   */
  public WeightEncoder(WeightScheme scheme, TensorSpec weight, float largest) {
    if (!(largest >= 0) || Float.isInfinite(largest)) {
      throw new IllegalArgumentException(
          "No largest magnitude of '%s': %s".formatted(weight.name(), largest));
    }
    if (weight.shape().rank() != 2 || !weight.type().quantizable()) {
      throw new IllegalArgumentException(
          "Cannot quantize tensor '%s' of %s %s"
              .formatted(weight.name(), weight.type(), weight.shape()));
    }
    String reason = scheme.against(weight.shape().dim(1));
    if (!reason.isEmpty()) {
      throw new IllegalArgumentException(
          "Cannot quantize tensor '%s': %s".formatted(weight.name(), reason));
    }
    this.scheme = scheme;
    this.weight = weight;
    this.columns = (int) weight.shape().dim(1);
    this.groups = (int) scheme.groups(columns);
    this.tensorScale = GroupQuantizer.tensorScale(largest);
    this.group = new GroupQuantizer(scheme, weight.type(), tensorScale);
    long count = scheme.scaleRows(weight.shape().dim(0)) * groups;
    if (count > Integer.MAX_VALUE / 4) {
      throw new IllegalArgumentException(
          "Tensor '%s' has %d scales, more than memory".formatted(weight.name(), count));
    }
    this.scales =
        ByteBuffer.allocate((int) count * scheme.scaleType(weight.type()).bytes())
            .order(ByteOrder.LITTLE_ENDIAN);
    this.zeroPoints = new ZeroPoints(scheme, (int) weight.shape().dim(0), groups);
  }

  /**
   * Says by what an error in each column counts where ranges are searched on a grid: the mean
   * square of the layer's inputs, since the error of an output is that of the weights times these.
   *
   * @param columns one for each column
   * @throws IllegalArgumentException if they are not as many, negative or not finite, or the scheme
   *     searches no range, or for blocks of rows
   */
  public void weigh(float[] columns) {
    scheme.requireWeighable();
    if (columns.length != this.columns) {
      throw new IllegalArgumentException(
          "Importance of '%s' has %d columns, not %d"
              .formatted(weight.name(), columns.length, this.columns));
    }
    for (float each : columns) {
      if (!(each >= 0) || Float.isInfinite(each)) {
        throw new IllegalArgumentException(
            "Importance of '%s' has the value %s".formatted(weight.name(), each));
      }
    }
    group.weigh(columns.clone());
  }

  /** Bytes of the integers of a row. */
  public static long rowBytes(WeightScheme scheme, long columns) {
    return scheme.packed()
        ? words(columns, scheme.bits()) * WORD_BYTES
        : columns * scheme.bits() / 8;
  }

  static long words(long values, int bits) {
    return (values * bits + WORD_BITS - 1) / WORD_BITS;
  }

  /**
   * Quantizes the next rows.
   *
   * @param bytes the rows as they are stored, little-endian
   * @param rows how many; a multiple of {@link WeightScheme#groupRows} unless they are the last
   * @param codes receives {@link #rowBytes} for each row
   * @throws IllegalArgumentException if a value is not finite; the message names tensor and row
   */
  public void encode(byte[] bytes, int rows, float[] values, ByteBuffer codes) {
    int length = rows * columns;
    StoredFloats.decode(weight.type(), bytes, length * weight.type().bytes(), values);
    if (scheme.groupRows() > 1) {
      encodeBlocks(rows, values, codes);
      return;
    }
    int size = columns / groups;
    int padding = (int) (rowBytes(scheme, columns) - ((long) columns * scheme.bits() + 7) / 8);
    for (int r = 0; r < rows; r++, row++) {
      for (int g = 0; g < groups; g++) {
        int from = r * columns + g * size;
        if (!group.fit(values, from, from + size, g * size)) {
          throw notFinite(row);
        }
        group.putScale(scales);
        zeroPoints.put(row, g, group.zeroPoint());
        write(values, from, from + size, codes);
      }
      for (int i = 0; i < padding; i++) {
        codes.put((byte) 0);
      }
    }
  }

  private IllegalArgumentException notFinite(int where) {
    return new IllegalArgumentException(
        "Tensor '%s' has values in row %d that are not finite".formatted(weight.name(), where));
  }

  private void encodeBlocks(int rows, float[] values, ByteBuffer codes) {
    if (rows % scheme.groupRows() != 0 && row + rows != weight.shape().dim(0)) {
      throw new IllegalArgumentException(
          "%d rows of '%s' are no whole number of blocks".formatted(rows, weight.name()));
    }
    int start = codes.position();
    for (int top = 0; top < rows; top += scheme.groupRows()) {
      int height = Math.min(scheme.groupRows(), rows - top);
      for (int g = 0; g < groups; g++) {
        encodeBlock(values, top, height, g, codes, start);
      }
      row += height;
    }
    codes.position(start + rows * columns);
  }

  private void encodeBlock(
      float[] values, int top, int height, int number, ByteBuffer codes, int start) {
    int width = columns / groups;
    block = block.length < height * width ? new float[height * width] : block;
    for (int r = 0; r < height; r++) {
      int from = (top + r) * columns + number * width;
      System.arraycopy(values, from, block, r * width, width);
    }
    if (!group.fit(block, 0, height * width)) {
      for (int i = 0; i < height * width; i++) {
        if (!Float.isFinite(block[i])) {
          throw notFinite(row + i / width);
        }
      }
    }
    group.putScale(scales);
    for (int r = 0; r < height; r++) {
      int to = start + (top + r) * columns + number * width;
      for (int c = 0; c < width; c++) {
        codes.put(to + c, (byte) code(block[r * width + c]));
      }
    }
  }

  private void write(float[] values, int from, int to, ByteBuffer codes) {
    int offset = scheme.packed() ? -scheme.type().qmin() : 0;
    if (scheme.bits() == 8) {
      for (int i = from; i < to; i++) {
        codes.put((byte) (code(values[i]) + offset));
      }
      return;
    }
    for (int i = from; i < to; i += 2) {
      int high = i + 1 < to ? code(values[i + 1]) + offset : 0;
      codes.put((byte) ((code(values[i]) + offset) | (high << 4)));
    }
  }

  private int code(float value) {
    int code = group.code(value);
    float error = value - group.real(code);
    signal += (double) value * value;
    noise += (double) error * error;
    return code;
  }

  /** The scale of the tensor, a float32, by which its scales are divided. */
  public byte[] tensorScale() {
    return ByteBuffer.allocate(Float.BYTES)
        .order(ByteOrder.LITTLE_ENDIAN)
        .putFloat(tensorScale)
        .array();
  }

  /** Scales of all rows, [out, groups] or of blocks of rows, as they are stored. */
  public byte[] scales() {
    requireAll();
    return scales.array();
  }

  /** Zero points of all rows as they are stored: packed along the rows. */
  public byte[] zeroPoints() {
    requireAll();
    return zeroPoints.packed();
  }

  /** Ratio of the weight's energy to that of its rounding errors; infinite if there are none. */
  public double sqnrDb() {
    return noise == 0 ? Double.POSITIVE_INFINITY : 10 * StrictMath.log10(signal / noise);
  }

  private void requireAll() {
    if (row != weight.shape().dim(0)) {
      throw new IllegalStateException(
          "%d of %d rows of '%s'".formatted(row, weight.shape().dim(0), weight.name()));
    }
  }
}
