package dev.tare.engine.statistics;

import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The byte layout of a {@link MomentsBlock}: equal blocks have equal bytes, and only those bytes
 * decode.
 *
 * <pre>
 * header  of a {@link BlockHeader}: version 1, kind 2
 * per row (the number follows from channels and first channel):
 *   varint  count, then others
 *   varint  bytes of the sum, then the sum: two's complement, highest byte first, in as few bytes
 *           as possible and one at least
 *   varint  bytes of the sum of squares, then that sum, likewise
 * </pre>
 */
final class MomentsBlockCodec {

  private static final int VERSION = 1;

  /** No sum of 2^63 squares of floats is longer. */
  private static final int MAX_SUM_BYTES = 80;

  private MomentsBlockCodec() {}

  static byte[] encode(MomentsBlock block) {
    VarintWriter out = new VarintWriter();
    BlockHeader.write(out, VERSION, StateKind.MOMENTS, block.key(), block.channels());
    for (Moments row : block.rows()) {
      out.varint(row.count());
      out.varint(row.others());
      encode(row.sum(), out);
      encode(row.squares(), out);
    }
    return out.toByteArray();
  }

  private static void encode(BigInteger sum, VarintWriter out) {
    byte[] bytes = sum.toByteArray();
    out.varint(bytes.length);
    out.bytes(bytes);
  }

  static MomentsBlock decode(byte[] encoded) {
    ByteBuffer buffer = ByteBuffer.wrap(encoded).order(ByteOrder.LITTLE_ENDIAN);
    VarintReader in = new VarintReader(buffer);
    BlockHeader header = BlockHeader.read(in, StateKind.MOMENTS, VERSION);
    List<Moments> rows = new ArrayList<>();
    for (int i = 0; i < header.rows(); i++) {
      rows.add(new Moments(in.varint("count"), in.varint("others"), sum(in), sum(in)));
    }
    in.requireEnd();
    return new MomentsBlock(header.key(), header.channels(), rows);
  }

  private static BigInteger sum(VarintReader in) {
    byte[] bytes = in.bytes(in.varint(MAX_SUM_BYTES, "bytes of a sum"), "sum");
    if (bytes.length == 0 || !Arrays.equals(bytes, new BigInteger(bytes).toByteArray())) {
      throw VarintReader.invalid("a sum is not in its shortest form");
    }
    return new BigInteger(bytes);
  }
}
