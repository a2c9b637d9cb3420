package dev.tare.jobs.input;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import dev.tare.engine.tensor.DType;
import dev.tare.engine.tensor.Dim;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TableRecordsTest {

  private static final InputSpec MATRIX =
      InputSpec.of("x", DType.FLOAT32, Dim.unknown(), Dim.unknown());

  @TempDir Path folder;

  private static List<String> scanned(String text) throws IOException {
    LineScanner scanner =
        new LineScanner(
            new ByteArrayInputStream(text.getBytes(StandardCharsets.UTF_8)),
            0,
            LineForm.of(DataFormat.CSV));
    List<String> lines = new ArrayList<>();
    while (scanner.next()) {
      lines.add(new String(scanner.line(), StandardCharsets.UTF_8));
    }
    return lines;
  }

  private static List<JsonNode> read(DataFormat format, String record) throws BadRowException {
    byte[] bytes = record.getBytes(StandardCharsets.UTF_8);
    List<String> header = format == DataFormat.JSON ? List.of() : List.of("id", "text");
    return new TableRecords(format, header, List.of("text")).read(bytes, bytes.length);
  }

  private static void bad(DataFormat format, String record, Reason reason, String message) {
    assertThatThrownBy(() -> read(format, record))
        .isInstanceOf(BadRowException.class)
        .hasMessageContaining(message)
        .extracting(failure -> ((BadRowException) failure).reason())
        .isEqualTo(reason);
  }

  private TableFiles files(DataFormat format, String... contents) throws IOException {
    Path data = Files.createTempDirectory(folder, "data");
    for (int i = 0; i < contents.length; i++) {
      Files.writeString(data.resolve("f" + i), contents[i]);
    }
    Configuration hadoop = new Configuration();
    return TableFiles.read(DataFiles.list(data.toString(), hadoop), format, hadoop);
  }

  @Test
  void lineBreaksInQuotedCellsDoNotEndARecord() throws IOException {
    assertThat(scanned("\uFEFF\"a\nb\",c\r\n\"d \"\"e\"\"\r\n\",f\n5\" pipe,g\nh"))
        .containsExactly("\uFEFF\"a\nb\",c", "\"d \"\"e\"\"\r\n\",f", "5\" pipe,g", "h");
    assertThat(scanned("a,\"never closed\nb,c\n")).containsExactly("a,\"never closed\nb,c\n");
  }

  @Test
  void cellsAreThoseOfRfc4180() throws BadRowException {
    assertThat(CsvLine.cells("1,\"a \"\"b\"\", c\",,", ','))
        .containsExactly("1", "a \"b\", c", "", "");
    assertThat(CsvLine.cells("\"a\nb\"", ',')).containsExactly("a\nb");
    assertThat(CsvLine.cells("5\" pipe\ta, b", '\t')).containsExactly("5\" pipe", "a, b");
  }

  @Test
  void aRecordThatDoesNotFitSaysWhy() throws BadRowException {
    assertThat(read(DataFormat.CSV, "1,\"a, b\"").get(0).textValue()).isEqualTo("a, b");
    assertThat(read(DataFormat.CSV, "1,").get(0).isNull()).isTrue();
    bad(DataFormat.CSV, "1,a, b", Reason.MALFORMED, "3 cells but the header names 2 columns");
    bad(DataFormat.CSV, "1", Reason.MALFORMED, "1 cells but the header names 2 columns");
    bad(DataFormat.CSV, "1,\"a", Reason.MALFORMED, "cell 2 begins with a quote that is never");
    bad(DataFormat.CSV, "1,\"a\"b", Reason.MALFORMED, "cell 2 goes on after its closing quote");
    bad(DataFormat.CSV, " ", Reason.BLANK, "blank");
  }

  @Test
  void aLineOfJsonIsOneObjectAndNothingElse() throws BadRowException {
    assertThat(read(DataFormat.JSON, "{\"text\": \"a\\nb\"}").get(0).textValue()).isEqualTo("a\nb");
    assertThat(read(DataFormat.JSON, "{\"id\": 1}").get(0).isNull()).isTrue();
    bad(DataFormat.JSON, "{\"text\": \"a\"} {\"text\": \"b\"}", Reason.MALFORMED, "is not JSON");
    bad(DataFormat.JSON, "{\"text\": \"a\", \"text\": \"b\"}", Reason.MALFORMED, "Duplicate");
    bad(DataFormat.JSON, "{\"text\": \"a", Reason.MALFORMED, "is not JSON");
    bad(DataFormat.JSON, "[\"a\"]", Reason.MALFORMED, "is not a JSON object but a list");
    TableText text = new TableText(new TableRecords(DataFormat.JSON, List.of(), List.of("text")));
    byte[] number = "{\"text\": 7}".getBytes(StandardCharsets.UTF_8);
    assertThatThrownBy(() -> text.of(number, number.length))
        .hasMessage("column 'text' is not a text but a number");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "FLOAT32 | 1.5    | 1.5",
        "FLOAT32 | 1e2    | 100.0",
        "FLOAT64 | 7      | 7.0",
        "INT64   | -3     | -3",
        "BOOL    | True   | true",
      })
  void valuesAreConvertedWithoutLoss(DType type, String cell, String expected)
      throws BadRowException, IOException {
    JsonNode text = TableRecords.parse('"' + cell + '"', "it");
    assertThat(TableCell.of(InputSpec.of("x", type), text)).hasToString(expected);
    // A plain value is the list of one.
    Object list = TableCell.of(InputSpec.of("x", type, Dim.fixed(1)), text);
    assertThat(((scala.collection.Seq<?>) list).apply(0)).hasToString(expected);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "INT64   | 1.5        | RANGE",
        "INT64   | 1e30       | RANGE",
        "FLOAT32 | NaN        | MALFORMED",
        "FLOAT32 | many       | MALFORMED",
        "FLOAT32 | true       | MALFORMED",
        "BOOL    | 1          | RANGE",
        "FLOAT32 | [1, [2]]   | RAGGED",
        "FLOAT32 | [[1], 2]   | RAGGED",
      })
  void valuesOfAnotherTypeAreBad(DType type, String cell, Reason reason) throws BadRowException {
    JsonNode text = TableRecords.parse('"' + cell + '"', "it");
    assertThatThrownBy(() -> TableCell.of(InputSpec.of("x", type, Dim.unknown()), text))
        .hasMessageContaining("input 'x'")
        .extracting(failure -> ((BadRowException) failure).reason())
        .isEqualTo(reason);
  }

  @Test
  void listsMayBeInACell() throws BadRowException {
    JsonNode text = TableRecords.parse("\"[[1, 2], [3, 4]]\"", "it");
    assertThat(TableCell.of(MATRIX, text).toString()).contains("1.0", "4.0");
  }

  @Test
  void columnsWithTextsAreThoseThatAreNotNumbers() throws IOException {
    TableFiles table = files(DataFormat.CSV, "\uFEFFid,text,p\n1,\"a\n, b\",0.5\n2,,-1e3\n");
    assertThat(table.columnNames()).containsExactly("id", "text", "p");
    assertThat(table.textColumns()).containsExactly("text");
    TableFiles objects = files(DataFormat.JSON, "{\"id\": 1}\n\n{\"t\": \"a\", \"x\": [1]}\n", "");
    assertThat(objects.columnNames()).containsExactly("id", "t", "x");
    assertThat(objects.textColumns()).containsExactly("t");
  }

  @Test
  void aHeaderThatDoesNotFitIsRefusedWithItsFile() {
    assertThatThrownBy(() -> files(DataFormat.CSV, "a,b\n1,2\n", "b,a\n1,2\n"))
        .isInstanceOf(InputException.class)
        .hasMessageContainingAll("f1: its header [b, a] is not that of", "f0, [a, b]");
    assertThatThrownBy(() -> files(DataFormat.CSV, "a,a\n1,2\n"))
        .hasMessageContainingAll("f0 as csv: its header [a, a] has an empty name, or one twice");
    assertThatThrownBy(() -> files(DataFormat.CSV, "a\n", ""))
        .hasMessageContaining("f1: 0 bytes, no header");
    assertThatThrownBy(() -> files(DataFormat.JSON, "[\n {\"a\": 1}\n]\n"))
        .hasMessageContaining("f0 as one JSON object per line: \"[\" is not JSON");
    assertThatThrownBy(() -> files(DataFormat.JSON, "[{\"a\": 1}]"))
        .hasMessageContaining("is not an object but a list");
  }
}
