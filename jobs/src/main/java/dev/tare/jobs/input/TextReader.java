package dev.tare.jobs.input;

import java.io.Serializable;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import org.apache.spark.sql.Row;

/**
 * Decodes and checks texts, before any tokenizer sees them.
 *
 * @param table finds the text in a record; null where rows are texts, since an Optional cannot be
 *     serialized
 */
record TextReader(TableText table) implements Serializable {

  private static final int EXCERPT = 40;

  /**
   * The text of a row.
   *
   * @param row file, position, text or record as binary, its length in bytes
   * @throws BadRowException if it is null, blank, too long, not UTF-8 or not text
   */
  String text(Row row) throws BadRowException {
    if (row.isNullAt(2)) {
      throw new BadRowException(Reason.NULL, "the text is null");
    }
    byte[] bytes = (byte[]) row.get(2);
    long length = row.getLong(3);
    if (table != null) {
      bytes = table.of(bytes, length);
      length = bytes.length;
    }
    if (length > TextSource.MAX_TEXT_BYTES) {
      throw new BadRowException(
          Reason.TEXT_TOO_LONG,
          "a text of %d bytes; more than %d are not tokenized, so split it"
              .formatted(length, TextSource.MAX_TEXT_BYTES));
    }
    String text;
    try {
      text = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
    } catch (CharacterCodingException e) {
      throw new BadRowException(
          Reason.INVALID_UTF8,
          "no UTF-8: \"" + excerpt(new String(bytes, StandardCharsets.UTF_8)) + "\"");
    }
    // Many files begin with a byte order mark, which has no meaning for a tokenizer.
    text = text.startsWith("\uFEFF") ? text.substring(1) : text;
    if (text.indexOf('\0') >= 0) {
      throw new BadRowException(
          Reason.NUL_IN_TEXT,
          "character %d is NUL, as in binary files and in UTF-16".formatted(text.indexOf('\0')));
    }
    if (text.isBlank()) {
      throw new BadRowException(Reason.BLANK, "blank");
    }
    return text;
  }

  /** The beginning of a text, for messages. */
  static String excerpt(String text) {
    int end = text.offsetByCodePoints(0, Math.min(EXCERPT, text.codePointCount(0, text.length())));
    return text.substring(0, end) + (end < text.length() ? "..." : "");
  }
}
