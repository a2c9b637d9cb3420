package dev.tare.engine.gguf;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;

/** Reads values one after the other and never beyond the end. Not thread-safe. */
final class GgufCursor {

  private static final int MOST_TEXT_BYTES = 1 << 16;

  private final ByteBuffer in;
  private final String file;

  GgufCursor(ByteBuffer content, String file) {
    this.in = content.duplicate().order(ByteOrder.LITTLE_ENDIAN);
    this.file = file;
  }

  GgufException wrong(String reason) {
    return new GgufException(file, reason);
  }

  int position() {
    return in.position();
  }

  int remaining() {
    return in.remaining();
  }

  int int32(String what) {
    need(what, 4);
    return in.getInt();
  }

  /**
   * An unsigned number of 64 bits.
   *
   * @param most the largest that is accepted
   */
  long size(String what, long most) {
    need(what, 8);
    long size = in.getLong();
    if (size < 0 || size > most) {
      throw wrong("%s is %s, more than %d".formatted(what, Long.toUnsignedString(size), most));
    }
    return size;
  }

  String text(String what) {
    int length = (int) size("the length of " + what, MOST_TEXT_BYTES);
    need(what, length);
    ByteBuffer bytes = in.slice(in.position(), length);
    in.position(in.position() + length);
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(bytes).toString();
    } catch (CharacterCodingException e) {
      throw wrong("%s is not valid UTF-8".formatted(what));
    }
  }

  void skip(String what, long bytes) {
    need(what, bytes);
    in.position(in.position() + (int) bytes);
  }

  private void need(String what, long bytes) {
    if (bytes > in.remaining()) {
      throw wrong("it ends before the end of %s".formatted(what));
    }
  }
}
