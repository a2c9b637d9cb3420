package dev.tare.jobs.input;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.zip.GZIPOutputStream;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class FormatProbeTest {

  private static final Configuration HADOOP = new Configuration();

  @TempDir Path folder;

  private DataFiles file(String name, byte[] content) throws IOException {
    return DataFiles.list(Files.write(folder.resolve(name), content).toString(), HADOOP);
  }

  private DataFiles file(String name, String content) throws IOException {
    return file(name, content.getBytes(StandardCharsets.UTF_8));
  }

  private static void refused(DataFiles data, String... words) {
    assertThatThrownBy(() -> FormatProbe.detect(data, HADOOP))
        .isInstanceOf(InputException.class)
        .hasMessageStartingWith("Cannot read " + data.files().get(0).path() + " as text: ")
        .hasMessageContainingAll(words);
  }

  private static void isText(DataFiles data) {
    assertThat(FormatProbe.detect(data, HADOOP)).isEqualTo(DataFormat.TEXT);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "a.arrow",
        "a.feather",
        "a.npz",
        "a.npy",
        "a.orc",
        "a.avro",
        "a.pkl",
        "a.xlsx",
        "a.zip",
        "a.xml",
        "a.webp",
        "a.h5",
        "a.onnx",
        "a.npy.gz"
      })
  void otherKindsAreToldByTheirNames(String name) throws IOException {
    refused(file(name, "words of a text\n"), "by its name", "Parquet", "--format text");
    assertThatCode(() -> FormatProbe.requireText(file("b.csv", "id,text\n"), HADOOP))
        .doesNotThrowAnyException();
  }

  @ParameterizedTest
  @CsvSource({
    "a.csv, CSV",
    "a.CSV, CSV",
    "a.csv.gz, CSV",
    "a.tsv, TSV",
    "a.json, JSON",
    "a.jsonl, JSON",
    "a.ndjson, JSON",
    "a.jsonl.zst, JSON"
  })
  void tablesInTextAreToldByTheirNames(String name, DataFormat format) throws IOException {
    assertThat(FormatProbe.detect(file(name, "words of a text\n"), HADOOP)).isEqualTo(format);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"text\": \"a sentence\"}\n{\"text\": \"another\"}\n",
        "\uFEFF{\"text\": \"a sentence\", \"label\": 1}\n",
        "\n[\n {\"text\": 1}\n]\n",
        "{\n  \"a\": 1\n}\n",
        "[\"a\", \"b\"]\n",
        "id,text\n0,an abrupt end\n1,a start\n",
        "\"id\",\"text\"\n0,\"an abrupt, sudden end\"\n",
        "id,text,label\r\n0,a,b\r\n",
        "text\tlabel\na film\t1\n",
        "a film\t1\nanother\t0\n",
        "<?xml version=\"1.0\"?>\n<a/>\n",
        "<!DOCTYPE html>\n<p>\n"
      })
  void recordsAreToldByTheirContentWhateverTheNameSays(String content) throws IOException {
    refused(file("a.txt", content), "it looks like", "--format text");
    refused(file("plain", content), "it looks like");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "the quick brown fox\njumps, over, the lazy dog\n",
        "Dear Sir, dear Madam,\nI write, as you know, often\n",
        "[CLS] a sentence\n[1] a footnote\n",
        "[1]\n[2]\n",
        "{curly} words\n",
        "one line, with a comma",
        "\uFEFFwords\r\nmore words\r\n",
        "gr\u00fc\u00dfe \uD83D\uDE00\n",
        "a\tb\nplain\n"
      })
  void linesOfTextAreText(String content) throws IOException {
    isText(file("a.txt", content));
    isText(file("plain", content));
    isText(file("corpus.en", content));
  }

  @Test
  void bytesThatAreNoTextAreRefusedEvenWhereTextIsAskedFor() throws IOException {
    byte[][] contents = {
      "\uFEFFwords\n".getBytes(StandardCharsets.UTF_16LE),
      "\uFEFFwords\n".getBytes(StandardCharsets.UTF_16BE),
      "words\n".getBytes(StandardCharsets.UTF_16LE),
      "\uFEFFwords\n".getBytes(Charset.forName("UTF-32LE")),
      {0x1F, (byte) 0x8B, 8, 0, 1},
      {'P', 'K', 3, 4, 20, 0},
      {'A', 'R', 'R', 'O', 'W', '1', 0, 0},
      {'a', 'b', 0, 'c'},
    };
    for (int i = 0; i < contents.length; i++) {
      DataFiles data = file("plain" + i, contents[i]);
      refused(data, "it is ");
      assertThatThrownBy(() -> FormatProbe.requireText(data, HADOOP))
          .isInstanceOf(InputException.class)
          .hasMessageContaining("plain");
    }
  }

  @Test
  void compressedTextIsTextAndWhatIsInsideIsLookedAt() throws IOException {
    isText(file("a.txt.gz", gzip("words\nmore words\n")));
    refused(file("b.txt.gz", gzip("{\"text\": \"a\"}\n")), "it looks like JSON");
    refused(file("c.txt.gz", gzip("a\u0000b\n")), "byte 1 is 0");
    assertThatThrownBy(() -> FormatProbe.detect(file("d.txt.gz", "no gzip at all\n"), HADOOP))
        .isInstanceOf(InputException.class)
        .hasMessageContainingAll("Cannot unpack", "d.txt.gz", "GzipCodec");
    assertThatThrownBy(() -> FormatProbe.detect(file("e.txt.zst", "no Zstandard at all\n"), HADOOP))
        .isInstanceOf(InputException.class)
        .hasMessageContainingAll("Cannot unpack", "e.txt.zst", "use gzip");
  }

  private static byte[] gzip(String text) throws IOException {
    var bytes = new java.io.ByteArrayOutputStream();
    try (OutputStream out = new GZIPOutputStream(bytes)) {
      out.write(text.getBytes(StandardCharsets.UTF_8));
    }
    return bytes.toByteArray();
  }

  @Test
  void oneFileOfAnotherKindAmongTextsIsRefusedByItsName() throws IOException {
    Path mixed = Files.createDirectory(folder.resolve("mixed"));
    Files.writeString(mixed.resolve("a.txt"), "words\n");
    Path arrow = Files.writeString(mixed.resolve("b.arrow"), "id,text\n");
    assertThatThrownBy(() -> FormatProbe.detect(DataFiles.list(mixed.toString(), HADOOP), HADOOP))
        .hasMessageStartingWith("Cannot read file:" + arrow + " as text: ");
    Files.delete(arrow);
    Path csv = Files.writeString(mixed.resolve("b.csv"), "id,text\n");
    assertThatThrownBy(() -> FormatProbe.detect(DataFiles.list(mixed.toString(), HADOOP), HADOOP))
        .hasMessageContaining("file:" + csv + " is CSV and file:" + mixed.resolve("a.txt"));
  }
}
