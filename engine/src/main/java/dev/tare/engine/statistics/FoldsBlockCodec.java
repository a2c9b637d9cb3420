package dev.tare.engine.statistics;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;

/**
 * The byte layout of a {@link FoldsBlock}: equal blocks have equal bytes, and only those bytes
 * decode.
 *
 * <pre>
 * header  of a {@link BlockHeader}: version 1, kind 5
 * per fold, of {@value FoldsBlock#FOLDS}:
 *   varint  length of its block, then the block in the layout of {@link StatisticsBlockCodec}
 * </pre>
 */
final class FoldsBlockCodec {

  private static final int VERSION = 1;

  private FoldsBlockCodec() {}

  static byte[] encode(FoldsBlock block) {
    VarintWriter out = new VarintWriter();
    int channels = block.folds().get(0).channels();
    BlockHeader.write(out, VERSION, StateKind.FOLDS, block.key(), channels);
    for (StatisticsBlock fold : block.folds()) {
      byte[] bytes = StatisticsBlockCodec.encode(fold);
      out.varint(bytes.length);
      out.bytes(bytes);
    }
    return out.toByteArray();
  }

  static FoldsBlock decode(byte[] encoded) {
    ByteBuffer buffer = ByteBuffer.wrap(encoded).order(ByteOrder.LITTLE_ENDIAN);
    VarintReader in = new VarintReader(buffer);
    BlockHeader header = BlockHeader.read(in, StateKind.FOLDS, VERSION);
    List<StatisticsBlock> folds = new ArrayList<>(FoldsBlock.FOLDS);
    for (int fold = 0; fold < FoldsBlock.FOLDS; fold++) {
      int length = in.varint(in.remaining(), "length of a fold");
      folds.add(StatisticsBlockCodec.decode(in.bytes(length, "fold")));
    }
    in.requireEnd();
    FoldsBlock block = new FoldsBlock(folds);
    if (!block.key().equals(header.key()) || folds.get(0).channels() != header.channels()) {
      throw VarintReader.invalid(
          "folds of %s in a block of %s".formatted(block.key(), header.key()));
    }
    return block;
  }
}
