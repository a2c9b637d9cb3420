package dev.tare.jobs.checkpoint;

import dev.tare.engine.checkpoint.PlannedShard;
import dev.tare.engine.checkpoint.PlannedTensor;
import dev.tare.engine.checkpoint.WeightEncoder;
import dev.tare.engine.checkpoint.WeightScheme;
import dev.tare.engine.safetensors.SafetensorsHeader;
import dev.tare.engine.safetensors.TensorSpec;
import dev.tare.jobs.TareException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Map;

/**
 * Streams one file of the result: header, then tensor after tensor, in slices. Not thread-safe.
 *
 * <p>It has some 4 million bytes of a tensor in memory at a time, or one row if that is longer, or
 * the rows of a block; and the scales of one weight.
 */
final class ShardWriter {

  private static final int SLICE_BYTES = 4 << 20;
  private static final int SLICE_VALUES = 1 << 20;

  private final SourceReader reader;
  private final OutputFile out;
  private final Map<String, Float> largest;
  private final Map<String, float[]> importance;
  private byte[] bytes = new byte[SLICE_BYTES];
  private float[] values = new float[0];
  private byte[] codes = new byte[0];

  /**
   * @param largest magnitudes for the scales of tensors, by the names of weights; not used where
   *     there are no such scales
   * @param importance of the columns of weights, by their names; none for those that have none
   */
  ShardWriter(
      SourceReader reader,
      OutputFile out,
      Map<String, Float> largest,
      Map<String, float[]> importance) {
    this.reader = reader;
    this.out = out;
    this.largest = largest;
    this.importance = importance;
  }

  /** Takes what is known of a quantized weight. */
  interface Weights {
    void add(String tensor, long bytes, double sqnrDb);
  }

  /**
   * Writes the file.
   *
   * @throws TareException (bad input) if an original has changed, or a weight cannot be quantized
   */
  void write(PlannedShard shard, Weights weights) throws IOException {
    SafetensorsHeader header = shard.header();
    byte[] encoded = header.encode();
    out.write(encoded, encoded.length);
    for (PlannedTensor tensor : shard.tensors()) {
      if (tensor.quantized()) {
        quantize(tensor, tensor.scheme().get(), weights);
      } else {
        reader.read(tensor.file(), tensor.source(), bytes, out::write);
      }
    }
    if (out.bytes() != header.fileBytes()) {
      throw new IllegalStateException(
          "%s has %d bytes, not %d".formatted(shard.file(), out.bytes(), header.fileBytes()));
    }
  }

  private void quantize(PlannedTensor tensor, WeightScheme scheme, Weights weights)
      throws IOException {
    TensorSpec spec = tensor.source().spec();
    long rows = spec.shape().dim(0);
    int columns = Math.toIntExact(spec.shape().dim(1));
    long before = out.bytes();
    WeightEncoder encoder =
        new WeightEncoder(scheme, spec, scheme.hasTensorScale() ? largest.get(spec.name()) : 0);
    if (importance.containsKey(spec.name())) {
      encoder.weigh(importance.get(spec.name()));
    }
    if (scheme.hasTensorScale()) {
      byte[] tensorScale = encoder.tensorScale();
      out.write(tensorScale, tensorScale.length);
    }
    if (scheme.packed()) {
      byte[] shape =
          ByteBuffer.allocate(16)
              .order(ByteOrder.LITTLE_ENDIAN)
              .putLong(rows)
              .putLong(columns)
              .array();
      out.write(shape, shape.length);
    }
    int step = Math.max(1, SLICE_VALUES / columns / scheme.groupRows()) * scheme.groupRows();
    int rowBytes = columns * spec.type().bytes();
    int codeBytes = Math.toIntExact(WeightEncoder.rowBytes(scheme, columns));
    reserve(step * columns, step * rowBytes, step * codeBytes);
    for (long row = 0; row < rows; row += step) {
      int now = (int) Math.min(step, rows - row);
      long from = tensor.source().begin() + row * rowBytes;
      reader.read(tensor.file(), from, bytes, now * rowBytes);
      encode(tensor, encoder, now);
      out.write(codes, now * codeBytes);
    }
    if (!scheme.symmetric()) {
      byte[] zeroPoints = encoder.zeroPoints();
      out.write(zeroPoints, zeroPoints.length);
    }
    byte[] scales = encoder.scales();
    out.write(scales, scales.length);
    weights.add(spec.name(), out.bytes() - before, encoder.sqnrDb());
  }

  private void encode(PlannedTensor tensor, WeightEncoder encoder, int rows) {
    try {
      encoder.encode(bytes, rows, values, ByteBuffer.wrap(codes));
    } catch (IllegalArgumentException e) {
      throw TareException.badInput("%s: %s".formatted(tensor.file(), e.getMessage()), e);
    }
  }

  private void reserve(int valueCount, int byteCount, int codeCount) {
    values = values.length < valueCount ? new float[valueCount] : values;
    bytes = bytes.length < byteCount ? new byte[byteCount] : bytes;
    codes = codes.length < codeCount ? new byte[codeCount] : codes;
  }
}
