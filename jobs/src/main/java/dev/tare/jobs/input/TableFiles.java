package dev.tare.jobs.input;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import dev.tare.jobs.Concurrently;
import dev.tare.jobs.input.DataFiles.DataFile;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.apache.hadoop.conf.Configuration;

/**
 * The columns of a table in text files: the header of separated values, equal in every file, or the
 * keys of the first objects of JSON lines.
 *
 * @param format CSV, TSV or JSON
 * @param columnNames in the order of the first file
 * @param textColumns those of the first records' cells that are not numbers
 */
record TableFiles(DataFormat format, List<String> columnNames, List<String> textColumns)
    implements ColumnNames {

  private static final int SHOWN = 60;

  private static final Pattern NUMBER =
      Pattern.compile("[-+]?(\\d+\\.?\\d*|\\.\\d+)([eE][-+]?\\d+)?|NaN|nan");

  TableFiles {
    columnNames = List.copyOf(columnNames);
    textColumns = List.copyOf(textColumns);
  }

  /**
   * Reads the beginning of every file.
   *
   * @throws InputException if a header is missing, is damaged or differs from that of the first
   *     file, or if the first line is not an object
   */
  static TableFiles read(DataFiles data, DataFormat format, Configuration configuration) {
    List<DataFile> files =
        data.files().stream()
            .filter(file -> file.bytes() > 0 || format != DataFormat.JSON)
            .toList();
    List<TableFiles> tables = Concurrently.map(files, file -> one(file, format, configuration));
    if (tables.isEmpty()) {
      throw new InputException(
          "No data: %s has 0 bytes in %d files".formatted(data.uri(), data.files().size()));
    }
    TableFiles first = tables.get(0);
    for (int i = 1; i < tables.size() && format != DataFormat.JSON; i++) {
      if (!tables.get(i).columnNames().equals(first.columnNames())) {
        throw new InputException(
            "Cannot read %s: its header %s is not that of %s, %s"
                .formatted(
                    files.get(i).path(),
                    tables.get(i).columnNames(),
                    files.get(0).path(),
                    first.columnNames()));
      }
    }
    return first;
  }

  private static TableFiles one(DataFile file, DataFormat format, Configuration configuration) {
    if (file.bytes() == 0) {
      throw new InputException("Cannot read " + file.path() + ": 0 bytes, no header");
    }
    byte[] head = FormatProbe.head(file, configuration);
    FileKind.binary(head)
        .ifPresent(
            kind -> {
              throw new InputException(
                  "Cannot read %s as %s: it is %s".formatted(file.path(), format, kind));
            });
    try {
      List<String> records = records(head, format);
      return format == DataFormat.JSON ? ofObjects(records) : ofLines(records, format);
    } catch (BadRowException e) {
      throw new InputException(
          "Cannot read %s as %s: %s"
              .formatted(
                  file.path(),
                  format == DataFormat.JSON ? "one JSON object per line" : format,
                  e.getMessage()),
          e);
    }
  }

  /** The whole records at the beginning of a file, without blank ones; at least one. */
  private static List<String> records(byte[] head, DataFormat format) throws BadRowException {
    QuotedCells cells = new QuotedCells(format.separator());
    List<String> records = new ArrayList<>();
    int from = 0;
    for (int i = 0; i <= head.length; i++) {
      boolean last = i == head.length;
      if (last ? head.length < FileKind.HEAD_BYTES : cells.endsLine(head[i], i)) {
        String record = new String(head, from, i - from, StandardCharsets.UTF_8);
        record = from == 0 && record.startsWith("\uFEFF") ? record.substring(1) : record;
        if (!record.isBlank()) {
          records.add(record);
        } else if (from == 0 && format != DataFormat.JSON) {
          throw new BadRowException(Reason.MALFORMED, "the first line, its header, is blank");
        }
        from = i + 1;
      }
    }
    if (records.isEmpty()) {
      throw new BadRowException(
          Reason.MALFORMED, "no line ends in its first %d bytes".formatted(head.length));
    }
    return records;
  }

  private static TableFiles ofLines(List<String> records, DataFormat format)
      throws BadRowException {
    List<String> header = CsvLine.cells(records.get(0), format.separator());
    if (header.contains("") || Set.copyOf(header).size() < header.size()) {
      throw new BadRowException(
          Reason.MALFORMED, "its header %s has an empty name, or one twice".formatted(header));
    }
    boolean[] text = new boolean[header.size()];
    for (String record : records.subList(1, records.size())) {
      List<String> cells = cellsOrNone(record, format);
      for (int i = 0; i < Math.min(text.length, cells.size()); i++) {
        text[i] |= !cells.get(i).isEmpty() && !NUMBER.matcher(cells.get(i).strip()).matches();
      }
    }
    return new TableFiles(
        format,
        header,
        IntStream.range(0, text.length).filter(i -> text[i]).mapToObj(header::get).toList());
  }

  /** A record that cannot be read is a bad row, which is counted with the others. */
  private static List<String> cellsOrNone(String record, DataFormat format) {
    try {
      return CsvLine.cells(record, format.separator());
    } catch (BadRowException e) {
      return List.of();
    }
  }

  private static JsonNode object(String record) throws BadRowException {
    JsonNode object = TableRecords.parse(record, "\"" + shown(record) + "\"");
    if (!object.isObject()) {
      throw new BadRowException(
          Reason.MALFORMED,
          "\"%s\" is not an object but %s".formatted(shown(record), TableRecords.kind(object)));
    }
    return object;
  }

  private static TableFiles ofObjects(List<String> records) throws BadRowException {
    Set<String> names = new LinkedHashSet<>();
    Set<String> texts = new LinkedHashSet<>();
    for (String record : records) {
      JsonNode object = JsonNodeFactory.instance.objectNode();
      try {
        object = object(record);
      } catch (BadRowException e) {
        if (names.isEmpty()) {
          throw e;
        }
        // A bad row, which is counted with the others.
      }
      object
          .properties()
          .forEach(
              field -> {
                names.add(field.getKey());
                if (field.getValue().isTextual()) {
                  texts.add(field.getKey());
                }
              });
    }
    return new TableFiles(DataFormat.JSON, new ArrayList<>(names), new ArrayList<>(texts));
  }

  private static String shown(String record) {
    return record.length() <= SHOWN ? record : record.substring(0, SHOWN) + "...";
  }

  @Override
  public boolean anyHas(String column) {
    return columnNames.contains(column);
  }

  /**
   * What reads some columns.
   *
   * @param uri of the data, for messages
   * @param wanted their purpose, for messages
   * @throws InputException if there is no such column
   */
  TableRecords records(String uri, List<String> columns, String wanted) {
    for (String column : columns) {
      if (!anyHas(column)) {
        throw new InputException(
            "Cannot read %s: no column '%s' for %s; it has %s"
                .formatted(uri, column, wanted, columnNames));
      }
    }
    return new TableRecords(format, format == DataFormat.JSON ? List.of() : columnNames, columns);
  }
}
