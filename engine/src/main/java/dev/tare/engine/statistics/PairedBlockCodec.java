package dev.tare.engine.statistics;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;

/**
 * The byte layout of a {@link PairedBlock}: equal blocks have equal bytes, and only those bytes
 * decode.
 *
 * <pre>
 * header   of a {@link BlockHeader}: version 1, kind 4
 * 32 bytes SHA-256 of the plan
 * per row (the number follows from channels and first channel):
 *   varint exponent of the scale
 *   for the first half of the samples, then the second:
 *     varint pairs, then pairs outside, then the sums of codes (quantized, float), squares,
 *            products, squares of the float model's
 * </pre>
 *
 * <p>Numbers that may be negative (exponent, sums of codes, products) are folded: 0, -1, 1, -2, 2
 * become 0, 1, 2, 3, 4.
 */
final class PairedBlockCodec {

  private static final int VERSION = 1;
  private static final int HASH_BYTES = 32;

  /** Folded; the row checks the exponent itself. */
  private static final int MAX_EXPONENT = 1 << 10;

  private PairedBlockCodec() {}

  static byte[] encode(PairedBlock block) {
    VarintWriter out = new VarintWriter();
    BlockHeader.write(out, VERSION, StateKind.PAIRS, block.key(), block.channels());
    out.bytes(HexFormat.of().parseHex(block.planSha256()));
    for (PairedChannel row : block.rows()) {
      out.varint(GramBlockCodec.folded(row.exponent()));
      encode(row.first(), out);
      encode(row.second(), out);
    }
    return out.toByteArray();
  }

  private static void encode(PairedSums sums, VarintWriter out) {
    out.varint(sums.count());
    out.varint(sums.outside());
    out.varint(GramBlockCodec.folded(sums.quantized()));
    out.varint(GramBlockCodec.folded(sums.expected()));
    out.varint(sums.squares());
    out.varint(GramBlockCodec.folded(sums.products()));
    out.varint(sums.expectedSquares());
  }

  static PairedBlock decode(byte[] encoded) {
    ByteBuffer buffer = ByteBuffer.wrap(encoded).order(ByteOrder.LITTLE_ENDIAN);
    VarintReader in = new VarintReader(buffer);
    BlockHeader header = BlockHeader.read(in, StateKind.PAIRS, VERSION);
    String plan = HexFormat.of().formatHex(in.bytes(HASH_BYTES, "hash of the plan"));
    List<PairedChannel> rows = new ArrayList<>();
    for (int i = 0; i < header.rows(); i++) {
      int exponent = (int) GramBlockCodec.unfolded(in.varint(MAX_EXPONENT, "exponent"));
      rows.add(new PairedChannel(exponent, sums(in), sums(in)));
    }
    in.requireEnd();
    return new PairedBlock(header.key(), header.channels(), plan, rows);
  }

  private static PairedSums sums(VarintReader in) {
    return new PairedSums(
        in.varint("pairs"),
        in.varint("pairs outside"),
        GramBlockCodec.unfolded(in.varint("sum")),
        GramBlockCodec.unfolded(in.varint("sum")),
        in.varint("squares"),
        GramBlockCodec.unfolded(in.varint("products")),
        in.varint("squares"));
  }
}
