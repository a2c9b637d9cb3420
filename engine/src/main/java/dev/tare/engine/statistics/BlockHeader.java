package dev.tare.engine.statistics;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;

/**
 * The common header of all encoded states.
 *
 * <pre>
 * bytes   magic, ASCII "TARE"
 * byte    version of the kind's layout
 * byte    kind, the code of a {@link StateKind}
 * varint  length of the tensor's name in UTF-8, then its bytes
 * varint  axis + 1; 0 for the whole tensor
 * varint  first channel
 * varint  channels of the tensor on that axis; 1 for the whole tensor
 * </pre>
 *
 * <p>A varint is 7 bits a byte, lowest first, high bit set on all bytes but the last, in as few
 * bytes as possible.
 *
 * @param version of the kind's layout
 * @param key where the state belongs
 * @param channels channels of the tensor on the key's axis
 */
record BlockHeader(int version, BlockKey key, int channels) {

  private static final int MAGIC = 0x45524154; // "TARE", read little-endian
  private static final int KIND_AT = 5;
  private static final int MAX_NAME_BYTES = 1 << 16;

  static void write(VarintWriter out, int version, StateKind kind, BlockKey key, int channels) {
    byte[] name = key.tensor().getBytes(StandardCharsets.UTF_8);
    if (name.length > MAX_NAME_BYTES) {
      throw new IllegalArgumentException(
          "Cannot encode statistics: a tensor name has %d bytes in UTF-8, more than %d"
              .formatted(name.length, MAX_NAME_BYTES));
    }
    out.int32(MAGIC);
    out.octet((byte) version);
    out.octet((byte) kind.code());
    out.varint(name.length);
    out.bytes(name);
    out.varint(key.axis() + 1);
    out.varint(key.firstChannel());
    out.varint(channels);
  }

  /** Returns the code of the kind, or -1 if the input is too short. */
  static int kindOf(byte[] encoded) {
    return encoded.length > KIND_AT ? encoded[KIND_AT] : -1;
  }

  /**
   * @param newest version of the kind's layout; all from 1 on are known
   */
  static BlockHeader read(VarintReader in, StateKind expected, int newest) {
    int magic = in.int32("magic");
    byte version = in.octet("version");
    byte kind = in.octet("kind");
    boolean known = version >= 1 && version <= newest;
    if (magic != MAGIC || !known || kind != expected.code()) {
      throw VarintReader.invalid(
          "magic %08x, version %d, kind %d instead of %08x, %d to %d, %d"
              .formatted(magic, version, kind, MAGIC, 1, newest, expected.code()));
    }
    String tensor = name(in.bytes(in.varint(MAX_NAME_BYTES, "name length"), "name"));
    int axis = in.varint(Integer.MAX_VALUE, "axis") - 1;
    int firstChannel = in.varint(Integer.MAX_VALUE, "first channel");
    int channels = in.varint(Integer.MAX_VALUE, "channels");
    return new BlockHeader(version, new BlockKey(tensor, axis, firstChannel), channels);
  }

  /** Number of rows that follow. */
  int rows() {
    return Math.min(StatisticsBlock.CHANNELS_PER_BLOCK, channels - key.firstChannel());
  }

  private static String name(byte[] utf8) {
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(utf8)).toString();
    } catch (CharacterCodingException e) {
      throw new IllegalArgumentException("Cannot decode statistics: name is not UTF-8", e);
    }
  }
}
