package dev.tare.engine.statistics;

import dev.tare.engine.histogram.FloatBins;
import dev.tare.engine.histogram.Histogram;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The byte layout of a {@link StatisticsBlock}: equal blocks have equal bytes, and only those bytes
 * decode.
 *
 * <pre>
 * header  of a {@link BlockHeader}: version 1 or 2, kind 1
 * byte    mantissa bits of every row's histogram; 0 when rows have none
 * per row (the number follows from channels and first channel):
 *   varint  count, then zeros, NaNs, +Infs, -Infs
 *   int32   bits of min, then of max, little-endian; 0x7fc00000 when there is no finite value
 *   with mantissa bits above 0:
 *     varint number of bins with values
 *     per bin, increasing:
 *       varint  first: zigzag of the bin number; later: difference to the bin before, less 1
 *       varint  values in the bin, less 1
 * version 2 only, which is used where a sample of an extreme is known, so for whole tensors:
 *   byte    1: the sample of min is known, 2: that of max, 3: both
 *   per known sample, that of min first:
 *     bytes   SHA-256 of the sample, 32 of them
 *     byte    0: no place is known, 1: the file, 2: file and row
 *     varint  with a file: its length in UTF-8, then its bytes
 *     varint  with a row: the row
 * </pre>
 *
 * <p>The content of a block is its encoding with 0 for every place.
 *
 * <p>zigzag(b) is (b shifted left by 1) xor (b shifted right by 31, signed).
 */
public final class StatisticsBlockCodec {

  private static final int VERSION = 1;
  private static final int VERSION_WITH_SAMPLES = 2;
  private static final int CANONICAL_NAN = 0x7fc00000;

  private StatisticsBlockCodec() {}

  /** Encodes a state canonically; costs one pass over the bins. */
  public static byte[] encode(StatisticsBlock block) {
    return encode(block, true);
  }

  /** Encodes what does not depend on where the samples were read. */
  public static byte[] encodeContent(StatisticsBlock block) {
    return encode(block, false);
  }

  private static byte[] encode(StatisticsBlock block, boolean places) {
    VarintWriter out = new VarintWriter();
    int version = block.knowsSamples() ? VERSION_WITH_SAMPLES : VERSION;
    BlockHeader.write(out, version, StateKind.HISTOGRAM, block.key(), block.channels());
    out.octet((byte) block.mantissaBits());
    for (Statistics row : block.rows()) {
      out.varint(row.count());
      out.varint(row.zeros());
      out.varint(row.nans());
      out.varint(row.posInfs());
      out.varint(row.negInfs());
      out.int32(Float.floatToIntBits(row.min()));
      out.int32(Float.floatToIntBits(row.max()));
      row.histogram().ifPresent(histogram -> encode(histogram, out));
    }
    if (block.knowsSamples()) {
      SampleOriginCodec.encode(block.rows().get(0), places, out);
    }
    return out.toByteArray();
  }

  private static void encode(Histogram histogram, VarintWriter out) {
    out.varint(histogram.size());
    for (int i = 0; i < histogram.size(); i++) {
      int bin = histogram.bin(i);
      out.varint(
          i == 0 ? ((bin << 1) ^ (bin >> 31)) & 0xffffffffL : bin - histogram.bin(i - 1) - 1L);
      out.varint(histogram.count(i) - 1);
    }
  }

  /**
   * Decodes canonical bytes.
   *
   * @throws IllegalArgumentException if the bytes are not such an encoding: wrong magic, version or
   *     kind, truncated, trailing bytes, not canonical, or an impossible state
   */
  public static StatisticsBlock decode(byte[] encoded) {
    ByteBuffer in = ByteBuffer.wrap(encoded).order(ByteOrder.LITTLE_ENDIAN);
    try {
      VarintReader reader = new VarintReader(in);
      StatisticsBlock block = decode(reader);
      reader.requireEnd();
      return block;
    } catch (ArithmeticException e) {
      throw new IllegalArgumentException("Cannot decode statistics: counts overflow a long", e);
    }
  }

  private static StatisticsBlock decode(VarintReader in) {
    BlockHeader header = BlockHeader.read(in, StateKind.HISTOGRAM, VERSION_WITH_SAMPLES);
    int mantissaBits = in.octet("mantissa bits");
    if (mantissaBits < 0 || mantissaBits > FloatBins.MAX_MANTISSA_BITS) {
      throw VarintReader.invalid("mantissa bits " + mantissaBits);
    }
    int size = header.rows();
    List<Statistics> rows = new ArrayList<>();
    for (int i = 0; i < size; i++) {
      rows.add(decodeRow(in, mantissaBits));
    }
    if (header.version() == VERSION_WITH_SAMPLES && size > 0) {
      rows.set(0, SampleOriginCodec.decode(rows.get(0), in));
    }
    return new StatisticsBlock(header.key(), header.channels(), rows);
  }

  private static Statistics decodeRow(VarintReader in, int mantissaBits) {
    return new Statistics(
        in.varint("count"),
        in.varint("zeros"),
        in.varint("NaNs"),
        in.varint("+Infs"),
        in.varint("-Infs"),
        extreme(in.int32("min")),
        extreme(in.int32("max")),
        mantissaBits == 0 ? Optional.empty() : Optional.of(decodeHistogram(in, mantissaBits)));
  }

  private static Histogram decodeHistogram(VarintReader in, int mantissaBits) {
    // A bin needs two bytes at least, so a hostile size cannot allocate more than the input is
    // long.
    int size = in.varint(in.remaining() / 2, "number of bins");
    int[] bins = new int[size];
    long[] counts = new long[size];
    for (int i = 0; i < size; i++) {
      if (i == 0) {
        int zigzag = in.varint(Integer.MAX_VALUE, "first bin");
        bins[0] = (zigzag >>> 1) ^ -(zigzag & 1);
      } else {
        bins[i] = Math.addExact(bins[i - 1], in.varint(Integer.MAX_VALUE - 1, "bin") + 1);
      }
      counts[i] = Math.addExact(in.varint("values in a bin"), 1);
    }
    return Histogram.of(mantissaBits, bins, counts);
  }

  private static float extreme(int bits) {
    float value = Float.intBitsToFloat(bits);
    boolean canonical = Float.isNaN(value) ? bits == CANONICAL_NAN : bits != Integer.MIN_VALUE;
    if (!canonical) {
      throw VarintReader.invalid("extreme %08x is not canonical".formatted(bits));
    }
    return value;
  }
}
