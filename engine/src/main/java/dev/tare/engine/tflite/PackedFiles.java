package dev.tare.engine.tflite;

import dev.tare.engine.model.InvalidModelException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * The ZIP archive that may stand behind a model, with files that its metadata name, such as labels.
 * It is carried over as it is; only the offsets in its directory change with the length of the
 * model.
 *
 * @see <a href="https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT">APPNOTE 4.3.12 and
 *     4.3.16</a>
 */
final class PackedFiles {

  private static final int ENTRY = 0x02014B50;
  private static final int END = 0x06054B50;
  private static final int ENTRY_BYTES = 46;
  private static final int END_BYTES = 22;
  private static final int MAX_COMMENT = 0xFFFF;

  /** Positions in the end record. */
  private static final int COUNT_AT = 10;

  private static final int SIZE_AT = 12;
  private static final int DIRECTORY_AT = 16;
  private static final int COMMENT_AT = 20;

  /** Positions in an entry of the directory. */
  private static final int LENGTHS_AT = 28;

  private static final int HEADER_AT = 42;

  /** Bytes in front that are a model's in any case. */
  private static final int MODEL = 8;

  private PackedFiles() {}

  /**
   * The archive behind a model with offsets from its own start; empty if there is none.
   *
   * @param file little-endian, from 0 to the limit
   * @throws InvalidModelException if its end is there, and its directory is not
   */
  static ByteBuffer behind(String model, ByteBuffer file) {
    int end = end(file);
    if (end < 0) {
      return ByteBuffer.allocate(0);
    }
    long directory = end - Integer.toUnsignedLong(file.getInt(end + SIZE_AT));
    long shift = directory - Integer.toUnsignedLong(file.getInt(end + DIRECTORY_AT));
    int count = Short.toUnsignedInt(file.getShort(end + COUNT_AT));
    require(model, directory >= MODEL && shift >= 0);
    long start = directory;
    long at = directory;
    for (int i = 0; i < count; i++) {
      require(model, at + ENTRY_BYTES <= end && file.getInt((int) at) == ENTRY);
      long header = shift + Integer.toUnsignedLong(file.getInt((int) at + HEADER_AT));
      require(model, header >= MODEL && header < directory);
      start = Math.min(start, header);
      at += ENTRY_BYTES + lengths(file, (int) at);
    }
    require(model, at == end);
    return moved(file.slice((int) start, file.limit() - (int) start), shift - start);
  }

  /**
   * The archive for a place in a file.
   *
   * @param archive with offsets from its own start
   * @param start bytes in front of it
   */
  static ByteBuffer at(ByteBuffer archive, long start) {
    return archive.hasRemaining() ? moved(archive.duplicate(), start) : archive.duplicate();
  }

  /** A copy with larger offsets. */
  private static ByteBuffer moved(ByteBuffer archive, long by) {
    ByteBuffer copy = ByteBuffer.allocate(archive.remaining()).order(ByteOrder.LITTLE_ENDIAN);
    copy.put(archive).flip();
    int end = end(copy);
    int at = end - copy.getInt(end + SIZE_AT);
    add(copy, end + DIRECTORY_AT, by);
    while (at < end) {
      add(copy, at + HEADER_AT, by);
      at += ENTRY_BYTES + lengths(copy, at);
    }
    return copy;
  }

  private static void add(ByteBuffer bytes, int at, long by) {
    bytes.putInt(at, (int) (Integer.toUnsignedLong(bytes.getInt(at)) + by));
  }

  /** Bytes of the name, the extra field and the comment of an entry. */
  private static int lengths(ByteBuffer bytes, int entry) {
    int sum = 0;
    for (int i = 0; i < 3; i++) {
      sum += Short.toUnsignedInt(bytes.getShort(entry + LENGTHS_AT + 2 * i));
    }
    return sum;
  }

  /** Where the record at the end of an archive begins; -1 if there is none. */
  private static int end(ByteBuffer file) {
    int last = file.limit() - END_BYTES;
    for (int at = last; at >= Math.max(0, last - MAX_COMMENT); at--) {
      if (file.getInt(at) == END
          && Short.toUnsignedInt(file.getShort(at + COMMENT_AT)) == last - at) {
        return at;
      }
    }
    return -1;
  }

  private static void require(String model, boolean condition) {
    if (!condition) {
      throw new InvalidModelException(
          model, "the files that are packed behind the model are truncated or broken");
    }
  }
}
