package dev.tare.jobs.input;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.Serializable;
import java.nio.charset.StandardCharsets;

/**
 * The text in a record of a table.
 *
 * @param records of one column
 */
record TableText(TableRecords records) implements Serializable {

  /**
   * The text as UTF-8.
   *
   * @param length of the whole record
   * @throws BadRowException if the record cannot be read, or its cell is null or not a text
   */
  byte[] of(byte[] record, long length) throws BadRowException {
    JsonNode cell = records.read(record, length).get(0);
    if (cell.isNull()) {
      throw new BadRowException(Reason.NULL, "the text is null");
    }
    if (!cell.isTextual()) {
      throw new BadRowException(
          Reason.MALFORMED,
          "column '%s' is not a text but %s"
              .formatted(records.columns().get(0), TableRecords.kind(cell)));
    }
    return cell.textValue().getBytes(StandardCharsets.UTF_8);
  }
}
