package dev.tare.jobs.input;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import java.io.Serializable;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * Reads some columns of the records of a table in text.
 *
 * <p>Spark's readers of CSV and JSON cannot say in which row they failed, ignore what follows the
 * first object of a line, take the last of two equal keys, and turn objects into texts. Here all of
 * that is a bad row with its position.
 *
 * @param format CSV, TSV or JSON
 * @param header names of all columns in their order; empty for JSON
 * @param columns those that are read
 */
record TableRecords(DataFormat format, List<String> header, List<String> columns)
    implements Serializable {

  private static final ObjectMapper JSON =
      new ObjectMapper()
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .enable(JsonParser.Feature.STRICT_DUPLICATE_DETECTION);

  TableRecords {
    header = new ArrayList<>(header);
    columns = new ArrayList<>(columns);
  }

  /**
   * The cells of a record in the order of {@link #columns}: texts of separated values, any values
   * of JSON; missing values are nulls of JSON.
   *
   * @param bytes UTF-8, at most the limit of {@link LineForm}
   * @param length of the whole record in bytes
   * @throws BadRowException if the record is blank, too long, malformed or not UTF-8
   */
  List<JsonNode> read(byte[] bytes, long length) throws BadRowException {
    if (length > LineForm.MAX_RECORD_BYTES) {
      throw new BadRowException(
          Reason.MALFORMED,
          "a record of %d bytes, which is more than %d%s"
              .formatted(
                  length,
                  LineForm.MAX_RECORD_BYTES,
                  format == DataFormat.JSON ? "" : "; perhaps a quote is never closed"));
    }
    String record = decode(bytes);
    record = record.startsWith("\uFEFF") ? record.substring(1) : record;
    if (format == DataFormat.TSV ? record.isEmpty() : record.isBlank()) {
      throw new BadRowException(Reason.BLANK, "blank");
    }
    return format == DataFormat.JSON ? ofObject(record) : ofLine(record);
  }

  private static String decode(byte[] bytes) throws BadRowException {
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
    } catch (CharacterCodingException e) {
      throw new BadRowException(Reason.INVALID_UTF8, "no UTF-8");
    }
  }

  private List<JsonNode> ofObject(String record) throws BadRowException {
    JsonNode object = parse(record, "the line");
    if (!object.isObject()) {
      throw new BadRowException(
          Reason.MALFORMED, "the line is not a JSON object but " + kind(object));
    }
    List<JsonNode> cells = new ArrayList<>();
    for (String column : columns) {
      JsonNode cell = object.get(column);
      cells.add(cell == null ? JsonNodeFactory.instance.nullNode() : cell);
    }
    return cells;
  }

  private List<JsonNode> ofLine(String record) throws BadRowException {
    List<String> cells = CsvLine.cells(record, format.separator());
    if (cells.size() != header.size()) {
      throw new BadRowException(
          Reason.MALFORMED,
          "%d cells but the header names %d columns".formatted(cells.size(), header.size()));
    }
    List<JsonNode> read = new ArrayList<>();
    for (String column : columns) {
      String cell = cells.get(header.indexOf(column));
      read.add(
          cell.isEmpty()
              ? JsonNodeFactory.instance.nullNode()
              : JsonNodeFactory.instance.textNode(cell));
    }
    return read;
  }

  /**
   * Parses a value of JSON that is all of a text.
   *
   * @param what it is, for messages
   */
  static JsonNode parse(String text, String what) throws BadRowException {
    try {
      return JSON.readTree(text);
    } catch (JsonProcessingException e) {
      throw new BadRowException(
          Reason.MALFORMED,
          "%s is not JSON: %s at character %d"
              .formatted(
                  what,
                  e.getOriginalMessage().replaceFirst("(?s) \\(start marker at .*", ""),
                  e.getLocation() == null ? 0 : e.getLocation().getColumnNr()));
    }
  }

  /** What a value is, in words. */
  static String kind(JsonNode value) {
    return switch (value.getNodeType()) {
      case ARRAY -> "a list";
      case OBJECT -> "an object";
      default -> "a " + value.getNodeType().name().toLowerCase(Locale.ROOT);
    };
  }
}
