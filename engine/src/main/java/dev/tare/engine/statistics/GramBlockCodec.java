package dev.tare.engine.statistics;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;

/**
 * The byte layout of a {@link GramBlock}: equal blocks have equal bytes, and only those bytes
 * decode.
 *
 * <pre>
 * header   of a {@link BlockHeader}: version 1, or 2 for the diagonal alone; kind 3
 * 32 bytes scale set, a SHA-256
 * varint   count
 * per row (the number follows from channels and first channel):
 *   varint exponent of the scale, then saturated values, then the sum
 *   varint products, from the row's own channel to the last; in version 2 that of its own alone
 * </pre>
 *
 * <p>Numbers that may be negative (exponent, sum, products) are folded: 0, -1, 1, -2, 2 become 0,
 * 1, 2, 3, 4. At most 9 bytes a product, so that no block exceeds 16 MiB.
 */
final class GramBlockCodec {

  private static final int TRIANGLE = 1;
  private static final int DIAGONAL = 2;
  private static final int HASH_BYTES = 32;

  /** Folded; the row checks the exponent itself. */
  private static final int MAX_EXPONENT = 1 << 10;

  private GramBlockCodec() {}

  static byte[] encode(GramBlock block) {
    VarintWriter out = new VarintWriter();
    int version = block.diagonal() ? DIAGONAL : TRIANGLE;
    BlockHeader.write(out, version, StateKind.GRAM, block.key(), block.channels());
    out.bytes(HexFormat.of().parseHex(block.scaleSet()));
    out.varint(block.count());
    for (GramRow row : block.rows()) {
      out.varint(folded(row.exponent()));
      out.varint(row.saturated());
      out.varint(folded(row.sum()));
      for (int j = 0; j < row.size(); j++) {
        out.varint(folded(row.product(j)));
      }
    }
    return out.toByteArray();
  }

  static GramBlock decode(byte[] encoded) {
    ByteBuffer buffer = ByteBuffer.wrap(encoded).order(ByteOrder.LITTLE_ENDIAN);
    VarintReader in = new VarintReader(buffer);
    BlockHeader header = BlockHeader.read(in, StateKind.GRAM, DIAGONAL);
    boolean diagonal = header.version() == DIAGONAL;
    String scaleSet = HexFormat.of().formatHex(in.bytes(HASH_BYTES, "scale set"));
    long count = in.varint("count");
    List<GramRow> rows = new ArrayList<>();
    for (int i = 0; i < header.rows(); i++) {
      int exponent = (int) unfolded(in.varint(MAX_EXPONENT, "exponent"));
      long saturated = in.varint("saturated");
      long sum = unfolded(in.varint("sum"));
      int size = diagonal ? 1 : header.channels() - header.key().firstChannel() - i;
      if (in.remaining() < size) {
        throw VarintReader.invalid("truncated in the products");
      }
      long[] products = new long[size];
      for (int j = 0; j < size; j++) {
        products[j] = unfolded(in.varint("product"));
      }
      rows.add(new GramRow(exponent, saturated, sum, products));
    }
    in.requireEnd();
    GramBlock block = new GramBlock(header.key(), header.channels(), scaleSet, count, rows);
    if (diagonal != block.diagonal()) {
      throw VarintReader.invalid("version %d of a block of one row".formatted(header.version()));
    }
    return block;
  }

  static long folded(long value) {
    return value << 1 ^ value >> 63;
  }

  static long unfolded(long folded) {
    return folded >>> 1 ^ -(folded & 1);
  }
}
