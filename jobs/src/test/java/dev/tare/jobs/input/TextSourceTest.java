package dev.tare.jobs.input;

import static dev.tare.jobs.input.LocalSpark.append;
import static dev.tare.jobs.input.LocalSpark.hashes;
import static dev.tare.jobs.input.LocalSpark.spark;
import static dev.tare.jobs.input.LocalSpark.table;
import static dev.tare.jobs.input.LocalSpark.write;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.huggingface.tokenizers.Encoding;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.tare.engine.tensor.DType;
import dev.tare.engine.tensor.Dim;
import dev.tare.engine.tensor.Sample;
import dev.tare.jobs.demo.WordNetDefinitions;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@Tag("slow")
class TextSourceTest {

  private record AssetFile(String file) implements LocalFile {
    @Override
    public Path path() {
      return Path.of(file);
    }
  }

  private static final LocalFile TOKENIZER =
      new AssetFile(LocalSpark.assets().resolve("all-minilm-l6-v2-tokenizer.json").toString());

  private static final ModelInputs MINILM =
      ModelInputs.of(
          InputSpec.of("input_ids", DType.INT64, Dim.symbol("sequence")),
          InputSpec.of("attention_mask", DType.INT64, Dim.symbol("sequence")),
          InputSpec.of("token_type_ids", DType.INT64, Dim.symbol("sequence")));

  private static final String COLUMNS =
      "input_ids array<bigint>, attention_mask array<int>, token_type_ids array<bigint>";

  @TempDir Path folder;

  private static DescribedData request(String uri) {
    return DescribedData.of(uri, MINILM).withTokenizer(TOKENIZER).withVocabularySize(30522);
  }

  private static List<String> definitions(int n) throws IOException {
    return WordNetDefinitions.read(LocalSpark.assets().resolve("net/sf/extjwnl/data/wordnet/wn31"))
        .subList(0, n);
  }

  private String lines(String name, List<String> lines) throws IOException {
    Path file = folder.resolve(name);
    Files.write(file, lines, StandardCharsets.UTF_8);
    return file.toString();
  }

  private static Row tokens(String text, int length) {
    Encoding encoding = Tokenizers.open(TOKENIZER, 128).encode(text);
    int n = Math.max(length, encoding.getIds().length);
    long[] ids = Arrays.copyOf(encoding.getIds(), n);
    long[] mask = Arrays.copyOf(encoding.getAttentionMask(), n);
    return RowFactory.create(
        LongStream.of(ids).boxed().toList(),
        LongStream.of(mask).mapToObj(value -> (int) value).toList(),
        LongStream.of(new long[n]).boxed().toList());
  }

  private static List<String> separated(String header, String separator, List<String> texts) {
    List<String> lines = new ArrayList<>(List.of(header));
    texts.forEach(text -> lines.add("1" + separator + '"' + text.replace("\"", "\"\"") + '"'));
    return lines;
  }

  private static List<String> objects(List<String> texts) {
    return texts.stream()
        .map(text -> new ObjectMapper().createObjectNode().put("id", 1).put("definition", text))
        .map(ObjectNode::toString)
        .toList();
  }

  @Test
  void textLinesTextColumnsAndParquetPaddedOrNotGiveTheSameSamples() throws IOException {
    List<String> texts = definitions(300);
    String file = lines("definitions.txt", texts);
    String column =
        write(
            table(
                "id int, definition string",
                texts.stream().map(text -> RowFactory.create(1, text)).toArray(Row[]::new)),
            folder.resolve("column"),
            3);
    String bare =
        write(
            table(COLUMNS, texts.stream().map(text -> tokens(text, 0)).toArray(Row[]::new)),
            folder.resolve("bare"),
            2);
    String padded =
        write(
            table(COLUMNS, texts.stream().map(text -> tokens(text, 128)).toArray(Row[]::new)),
            folder.resolve("padded"),
            5);
    String commas = lines("definitions.csv", separated("id,definition", ",", texts));
    String tabs = lines("definitions.tsv", separated("id\tdefinition", "\t", texts));
    String json = lines("definitions.jsonl", objects(texts));
    List<String> expected = hashes(DescribedData.open(spark(), request(file)).samples());
    assertThat(expected).hasSize(300);
    spark().read().parquet(column).createOrReplaceTempView("definitions");
    Stream<String> relations =
        Stream.of(
            "table:definitions",
            "sql:SELECT definition, 1 AS other FROM definitions -- all of them",
            "sql: WITH some AS (SELECT * FROM parquet.`%s`) SELECT * FROM some;".formatted(padded));
    Stream<String> files = Stream.of(column, bare, padded, commas, tabs, json);
    for (String uri : Stream.concat(files, relations).toList()) {
      DataSource source = DescribedData.open(spark(), request(uri));
      source.report().check(0);
      assertThat(hashes(source.samples())).as(uri).isEqualTo(expected);
    }
  }

  @Test
  void whereSomeAreWantedTextsAreChosenByTheirOwnHashAndNothingElseIsTokenized()
      throws IOException {
    List<String> texts = definitions(200);
    String file = lines("c.txt", texts);
    String json = lines("c.jsonl", objects(texts));
    List<String> expected =
        texts.stream()
            .map(text -> HexFormat.of().formatHex(Sample.hash(text.getBytes(UTF_8))))
            .sorted()
            .limit(64)
            .toList();
    List<List<String>> tokenized = new ArrayList<>();
    for (String uri : List.of(file, json)) {
      RowChoice choice = uri.equals(json) ? RowChoice.AUTO : RowChoice.TEXT;
      DataSource source = DescribedData.open(spark(), request(uri), choice);
      assertThat(source.choosesTexts()).isTrue();
      assertThat(source.report().samples()).isEqualTo(200);
      assertThat(source.rows().columns()).doesNotContain(SampleRows.SHAPE_KEY);
      Dataset<Row> chosen = Sampling.select(source.rows().repartition(7), OptionalLong.of(64));
      assertThat(hashes(chosen)).containsExactlyInAnyOrderElementsOf(expected);
      tokenized.add(hashes(source.samplesOf(chosen)));
    }
    assertThat(tokenized.get(0)).hasSize(64).isEqualTo(tokenized.get(1));
    String tokens = append(table(COLUMNS, tokens(texts.get(0), 0)), folder.resolve("no texts"));
    assertThatThrownBy(() -> DescribedData.open(spark(), request(tokens), RowChoice.TEXT))
        .hasMessage(
            "Cannot choose samples of %s by their text: it is not read as text; leave out --choose-by"
                .formatted(tokens));
    assertThat(DescribedData.open(spark(), request(tokens), RowChoice.AUTO).choosesTexts())
        .isFalse();
    List<String> all = hashes(DescribedData.open(spark(), request(file)).samples());
    assertThat(all).containsAll(tokenized.get(0));
  }

  @Test
  void samplesAreUnpaddedWithSpecialTokensAndTruncated() throws IOException {
    String uri = lines("two.txt", List.of("a small entity", "word ".repeat(1000)));
    DataSource source = DescribedData.open(spark(), request(uri));
    assertThat(source.maxLength()).hasValue(128);
    assertThat(source.format()).isEqualTo(DataFormat.TEXT);
    List<String> keys = keys(source);
    assertThat(keys)
        .containsExactlyInAnyOrder(
            "attention_mask:INT64[5] input_ids:INT64[5] token_type_ids:INT64[5] ",
            "attention_mask:INT64[128] input_ids:INT64[128] token_type_ids:INT64[128] ");
    DataSource longer = DescribedData.open(spark(), request(uri).withMaxLength(600));
    assertThat(longer.maxLength()).hasValue(600);
    assertThat(keys(longer)).anyMatch(key -> key.contains("input_ids:INT64[600]"));
  }

  private static List<String> keys(DataSource source) {
    return source.samples().select(SampleRows.SHAPE_KEY).collectAsList().stream()
        .map(row -> row.getString(0))
        .toList();
  }

  @Test
  void selectionIsTheSameForAnyPartitions() throws IOException {
    String uri = lines("p.txt", definitions(200));
    DataSource source = DescribedData.open(spark(), request(uri));
    List<String> expected = hashes(Sampling.select(source.rows(), OptionalLong.of(64)));
    assertThat(expected).hasSize(64);
    for (int partitions : new int[] {1, 2, 7}) {
      Dataset<Row> rows = source.rows().repartition(partitions);
      assertThat(hashes(Sampling.select(rows, OptionalLong.of(64)))).isEqualTo(expected);
    }
  }

  @Test
  void blankLinesAreSkippedAndInvalidUtf8IsBad() throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    bytes.writeBytes(
        "\uFEFFfirst\r\n\r\n  \t\r\nsecond \uD83D\uDE00\r\n".getBytes(StandardCharsets.UTF_8));
    bytes.writeBytes(new byte[] {'b', 'a', 'd', (byte) 0xC3, (byte) 0x28, '\n'});
    Path file = folder.resolve("mixed.txt");
    Files.write(file, bytes.toByteArray());
    DataSource source = DescribedData.open(spark(), request(file.toString()));
    InputReport report = source.report();
    assertThat(report.rows()).isEqualTo(5);
    assertThat(report.samples()).isEqualTo(2);
    assertThat(report.skipped()).isEqualTo(Map.of(Reason.BLANK, 2L));
    assertThat(report.bad()).isEqualTo(Map.of(Reason.INVALID_UTF8, 1L));
    assertThatThrownBy(() -> report.check(0))
        .isInstanceOf(InputException.class)
        .hasMessage(
            "1 of 5 rows of %s do not fit (--max-bad-rows 0): no UTF-8: \"bad\uFFFD(\" (1 invalid-utf8, first: file:%s, row 4)"
                .formatted(file, file));
    String first = lines("first.txt", List.of("first"));
    assertThat(hashes(source.samples()))
        .containsAll(hashes(DescribedData.open(spark(), request(first)).samples()));
  }

  @Test
  void aTextOfMoreThanOneMebibyteIsBadAndItsLengthIsSaid() throws IOException {
    String most = "a".repeat(TextSource.MAX_TEXT_BYTES - 4) + " b c";
    String more = most + "d";
    String uri = lines("long.txt", List.of("short", most, more));
    String column =
        append(
            table("text string", RowFactory.create("short"), RowFactory.create(more)),
            folder.resolve("long"));
    for (String data : List.of(uri, column)) {
      InputReport report = DescribedData.open(spark(), request(data)).report();
      assertThat(report.bad()).as(data).isEqualTo(Map.of(Reason.TEXT_TOO_LONG, 1L));
      assertThat(report.first().get(Reason.TEXT_TOO_LONG).error())
          .isEqualTo("a text of 1048577 bytes; more than 1048576 are not tokenized, so split it");
    }
  }

  @Test
  void aNulCharacterIsNoText() throws IOException {
    String uri = lines("nul.txt", List.of("x".repeat(FileKind.HEAD_BYTES), "a\0b"));
    InputReport report = DescribedData.open(spark(), request(uri)).report();
    assertThat(report.bad()).isEqualTo(Map.of(Reason.NUL_IN_TEXT, 1L));
    assertThat(report.first().get(Reason.NUL_IN_TEXT).error()).startsWith("character 1 is NUL");
  }

  @Test
  void onlyBlankLinesAreNoData() throws IOException {
    String uri = lines("blank.txt", List.of("", " "));
    assertThatThrownBy(() -> DescribedData.open(spark(), request(uri)).report().check(0))
        .isInstanceOf(InputException.class)
        .hasMessageStartingWith(
            "No data: " + uri + " has no samples among 2 rows: blank (2 blank, first: ");
  }

  @Test
  void positionsAreFilledAndIntegersNarrowed() throws IOException {
    ModelInputs inputs =
        ModelInputs.of(
            InputSpec.of("input_ids", DType.INT32, Dim.unknown()),
            InputSpec.of("position_ids", DType.INT64, Dim.unknown()));
    String uri = lines("positions.txt", List.of("a small entity"));
    DataSource source =
        DescribedData.open(spark(), DescribedData.of(uri, inputs).withTokenizer(TOKENIZER));
    Sample sample = Sample.decode(source.samples().first().getAs(SampleRows.SAMPLE));
    assertThat(sample.inputs().get("input_ids").bytes().getInt(0)).isEqualTo(101);
    assertThat(sample.inputs().get("position_ids").bytes().getLong(4 * 8)).isEqualTo(4);
  }

  /** As an exported model for one text has it; the tokenizer's own id stands for no token. */
  @Test
  void aModelOfAFixedLengthGetsTextsCutAndFilledUpToIt() throws IOException {
    Dim eight = Dim.fixed(8);
    ModelInputs inputs =
        ModelInputs.of(
            InputSpec.of("input_ids", DType.INT32, eight),
            InputSpec.of("attention_mask", DType.INT32, eight),
            InputSpec.of("token_type_ids", DType.INT64, eight));
    String content = Files.readString(TOKENIZER.path());
    Path other = folder.resolve("padded.json");
    Files.writeString(other, content.replaceFirst("\"pad_id\": *0", "\"pad_id\": 7"));
    assertThat(other).content().isNotEqualTo(content);
    String uri = lines("fixed.txt", List.of("a small entity", "word ".repeat(20)));
    for (LocalFile tokenizer : List.of(TOKENIZER, new AssetFile(other.toString()))) {
      DataSource source =
          DescribedData.open(spark(), DescribedData.of(uri, inputs).withTokenizer(tokenizer));
      assertThat(source.maxLength()).hasValue(8);
      int no = tokenizer == TOKENIZER ? 0 : 7;
      assertThat(source.samples().select(SampleRows.SAMPLE).collectAsList())
          .extracting(row -> ints(Sample.decode(row.getAs(0)), "input_ids"))
          .containsExactlyInAnyOrder(
              List.of(101, 1037, 2235, 9178, 102, no, no, no),
              List.of(101, 2773, 2773, 2773, 2773, 2773, 2773, 102));
      assertThat(source.samples().select(SampleRows.SAMPLE).collectAsList())
          .extracting(row -> ints(Sample.decode(row.getAs(0)), "attention_mask"))
          .containsExactlyInAnyOrder(
              List.of(1, 1, 1, 1, 1, 0, 0, 0), List.of(1, 1, 1, 1, 1, 1, 1, 1));
    }
    Path without = folder.resolve("without.json");
    Files.writeString(
        without,
        content
            .replaceFirst("\"padding\": *\\{[^}]*\\}[^}]*\\}", "\"padding\": null")
            .replace("[PAD]", "[NIL]"));
    assertThatThrownBy(
            () ->
                DescribedData.open(
                    spark(),
                    DescribedData.of(uri, inputs).withTokenizer(new AssetFile(without.toString()))))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("Cannot fill texts up to the 8 tokens that the model takes")
        .hasMessageContaining("has no token for padding");
  }

  private static List<Integer> ints(Sample sample, String input) {
    ByteBuffer bytes = sample.inputs().get(input).bytes().order(ByteOrder.LITTLE_ENDIAN);
    List<Integer> ints = new ArrayList<>();
    while (bytes.hasRemaining()) {
      ints.add(bytes.getInt());
    }
    return ints;
  }

  @Test
  void inputThatTokensCannotFillIsRefusedByName() throws IOException {
    String uri = lines("a.txt", List.of("a"));
    List<InputSpec> more = new ArrayList<>(MINILM.specs());
    more.add(InputSpec.of("pixel_values", DType.FLOAT32, Dim.unknown()));
    assertThatThrownBy(
            () ->
                DescribedData.open(
                    spark(), DescribedData.of(uri, new ModelInputs(more)).withTokenizer(TOKENIZER)))
        .isInstanceOf(InputException.class)
        .hasMessage(
            "Cannot feed text to the model: tokenizer %s gives no value for input 'pixel_values' FLOAT32 [?]"
                .formatted(TOKENIZER.displayName()));
    ModelInputs fixed =
        ModelInputs.of(
            InputSpec.of("input_ids", DType.INT64, Dim.fixed(128)),
            InputSpec.of("attention_mask", DType.INT64, Dim.fixed(64)));
    assertThatThrownBy(
            () ->
                DescribedData.open(spark(), DescribedData.of(uri, fixed).withTokenizer(TOKENIZER)))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("input 'attention_mask' is INT64 [64] but text gives INT64 or INT32")
        .hasMessageEndingWith("of one dimension, which has the same length in all inputs");
    ModelInputs none = ModelInputs.of(InputSpec.of("x", DType.FLOAT32));
    assertThatThrownBy(
            () -> DescribedData.open(spark(), DescribedData.of(uri, none).withTokenizer(TOKENIZER)))
        .isInstanceOf(InputException.class)
        .hasMessage("Cannot feed text to the model: none of its inputs [x] is 'input_ids'");
  }

  @Test
  void tokenizerThatDoesNotFitIsRefusedByName() throws IOException {
    String uri = lines("a.txt", List.of("a"));
    assertThatThrownBy(() -> DescribedData.open(spark(), request(uri).withVocabularySize(1000)))
        .isInstanceOf(InputException.class)
        .hasMessage(
            "Tokenizer %s does not fit the model: its token ids go up to 30521 but the model's embedding has 1000 rows"
                .formatted(TOKENIZER.displayName()));
    for (String content :
        List.of("no json", "{\"model\": {}}", "{\"model\": {\"vocab\": {\"a\": 1}}}")) {
      Path file = Files.createTempFile(folder, "tokenizer", ".json");
      Files.writeString(file, content);
      assertThatThrownBy(
              () ->
                  DescribedData.open(
                      spark(), request(uri).withTokenizer(new AssetFile(file.toString()))))
          .as(content)
          .isInstanceOf(InputException.class)
          .hasMessageStartingWith("Cannot read tokenizer " + file + ": ");
    }
  }

  @Test
  void textColumnIsNamedOrTextOrTheOnlyOne() {
    Row row = RowFactory.create("left one", "right two");
    String two = append(table("a string, b string", row), folder.resolve("two"));
    assertThatThrownBy(() -> DescribedData.open(spark(), request(two)))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("of the columns [a, b] none is 'text' or the only string column");
    assertThat(DescribedData.open(spark(), request(two).withTextColumn("b")).textColumn())
        .hasValue("b");
    String named = append(table("a string, text string", row), folder.resolve("named"));
    assertThat(DescribedData.open(spark(), request(named)).textColumn()).hasValue("text");
    assertThatThrownBy(() -> DescribedData.open(spark(), request(named).withTextColumn("c")))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("no column 'c' for texts; it has [a, text]");
  }

  @Test
  void aTextColumnWithoutATokenizerSaysWhichOptionIsMissing() {
    Row row = RowFactory.create(1, "left one", "right two");
    String uri = append(table("id int, text string, note string", row), folder.resolve("texts"));
    assertThatThrownBy(() -> DescribedData.open(spark(), DescribedData.of(uri, MINILM)))
        .isInstanceOf(InputException.class)
        .hasMessage(
            "Cannot read %s: none of its columns [id, text, note] is an input of the model [input_ids, attention_mask, token_type_ids]; to read texts from column 'text' or 'note' give --tokenizer, the model's tokenizer.json"
                .formatted(uri));
  }

  @Test
  void nullTextIsBad() {
    String uri =
        append(
            table("text string", RowFactory.create("fine"), RowFactory.create((Object) null)),
            folder.resolve("nulls"));
    InputReport report = DescribedData.open(spark(), request(uri)).report();
    assertThat(report.bad()).isEqualTo(Map.of(Reason.NULL, 1L));
    assertThat(report.first().get(Reason.NULL).row()).hasValue(1);
    assertThat(report.first().get(Reason.NULL).error()).isEqualTo("the text is null");
  }

  @Test
  void textThatTheTokenizerFailsOnIsBadAndItsBatchIsNot() throws IOException {
    Path json = folder.resolve("words.json");
    Files.writeString(
        json,
        """
        {"version": "1.0", "added_tokens": [], "pre_tokenizer": {"type": "Whitespace"},
         "model": {"type": "WordLevel", "vocab": {"a": 0, "b": 1}, "unk_token": "[UNK]"}}
        """);
    ModelInputs ids = ModelInputs.of(InputSpec.of("input_ids", DType.INT64, Dim.unknown()));
    String uri = lines("words.txt", List.of("a b", "a c", "b"));
    DataSource source =
        DescribedData.open(
            spark(), DescribedData.of(uri, ids).withTokenizer(new AssetFile(json.toString())));
    assertThat(source.maxLength()).hasValue(512);
    InputReport report = source.report();
    assertThat(report.samples()).isEqualTo(2);
    assertThat(report.bad()).isEqualTo(Map.of(Reason.TOKENIZER, 1L));
    assertThat(report.first().get(Reason.TOKENIZER).error())
        .startsWith("the tokenizer fails on \"a c\": ");
    DataSource byText =
        DescribedData.open(
            spark(),
            DescribedData.of(uri, ids).withTokenizer(new AssetFile(json.toString())),
            RowChoice.TEXT);
    assertThat(byText.report().bad()).isEmpty();
    assertThat(byText.count(byText.samplesOf(byText.rows())).bad()).isEqualTo(report.bad());
  }

  @Test
  void nativeLibraryStaysInTheTemporaryFolderAndSendsNothing() {
    assertThat(Tokenizers.open(TOKENIZER, 64).getMaxLength()).isEqualTo(64);
    assertThat(System.getProperty("OPT_OUT_TRACKING")).isEqualTo("true");
    assertThat(System.getProperty("ai.djl.offline")).isEqualTo("true");
    assertThat(Path.of(System.getProperty("java.io.tmpdir"), "djl", "tokenizers")).exists();
  }
}
