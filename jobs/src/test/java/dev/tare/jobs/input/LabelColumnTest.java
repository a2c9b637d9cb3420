package dev.tare.jobs.input;

import static dev.tare.jobs.input.LocalSpark.append;
import static dev.tare.jobs.input.LocalSpark.hashes;
import static dev.tare.jobs.input.LocalSpark.spark;
import static dev.tare.jobs.input.LocalSpark.table;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tare.engine.tensor.DType;
import dev.tare.engine.tensor.Dim;
import dev.tare.jobs.image.ImageOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LabelColumnTest {

  private static final ModelInputs PAIR =
      ModelInputs.of(InputSpec.of("x", DType.FLOAT32, Dim.fixed(2)));

  private static final ModelInputs TOKENS =
      ModelInputs.of(
          InputSpec.of("input_ids", DType.INT64, Dim.symbol("s")),
          InputSpec.of("attention_mask", DType.INT64, Dim.symbol("s")));

  private record Tokenizer(String file) implements LocalFile {

    @Override
    public Path path() {
      return Path.of(file);
    }
  }

  @TempDir Path folder;

  private static DataSource open(
      String uri,
      ModelInputs inputs,
      Optional<LocalFile> tokenizer,
      RowChoice choice,
      String label) {
    DataOptions options =
        new DataOptions(
                uri,
                DataFormat.AUTO,
                Optional.empty(),
                tokenizer.map(LocalFile::displayName),
                OptionalInt.of(16),
                OptionalInt.empty(),
                choice,
                OptionalInt.empty(),
                1,
                ImageOptions.DEFAULT,
                9)
            .withLabels(Optional.of(label).filter(l -> !l.isEmpty()));
    return DataSource.open(spark(), options, inputs, OptionalLong.empty(), tokenizer);
  }

  private static DataSource open(String uri, String label) {
    return open(uri, PAIR, Optional.empty(), RowChoice.SAMPLE, label);
  }

  /** Labels of the rows in their order, and of those without one {@code null}. */
  private static List<String> labels(Dataset<Row> rows) {
    List<String> labels = new ArrayList<>();
    for (Row row :
        rows.orderBy(SampleRows.ROW, SampleRows.LABEL).select(SampleRows.LABEL).collectAsList()) {
      labels.add(row.getString(0));
    }
    return labels;
  }

  private String file(String name, String... lines) throws IOException {
    return Files.write(folder.resolve(name), List.of(lines)).toString();
  }

  private String parquet() {
    return append(
        table(
            "x array<float>, kind smallint, name string, weight double",
            RowFactory.create(List.of(1f, 2f), (short) 3, "cat", 1.0),
            RowFactory.create(List.of(3f, 4f), null, "dog", 1.0),
            RowFactory.create(List.of(5f, 6f), (short) -7, null, 1.0)),
        folder.resolve("p"));
  }

  @Test
  void integersAndStringsTravelBesideTheSamplesWhichStayTheSame() {
    String data = parquet();
    assertThat(labels(open(data, "kind").rows())).containsExactly("3", null, "-7");
    assertThat(labels(open(data, "name").rows())).containsExactly("cat", "dog", null);
    assertThat(hashes(open(data, "kind").samples())).isEqualTo(hashes(open(data, "").samples()));
    assertThat(open(data, "").rows().columns()).doesNotContain(SampleRows.LABEL);
    InputReport.Content kinds = open(data, "kind").report().content();
    assertThat(open(data, "kind").report().content()).isEqualTo(kinds);
    assertThat(open(data, "name").report().content()).isNotEqualTo(kinds);
  }

  @Test
  void tablesInTextHaveLabelsAndBadRowsStayBad() throws IOException {
    String csv = file("t.csv", "kind,x", "cat,\"[1, 2]\"", ",\"[3, 4]\"", "\"a,b\",\"[5]\"", "x");
    Dataset<Row> rows = open(csv, "kind").rows();
    assertThat(labels(rows)).containsExactly("cat", null, "a,b", null);
    assertThat(rows.filter("error is null").count()).isEqualTo(2);
    String json =
        file("t.jsonl", "{\"x\": [1, 2], \"kind\": 3}", "{\"x\": [1, 2], \"kind\": \"3\"}");
    assertThat(labels(open(json, "kind").rows())).containsExactly("3", "3");
  }

  @Test
  void rowsOfAQueryHaveLabels() {
    String query =
        "sql:SELECT array(float(1), float(id)) AS x, concat('k', id) AS kind FROM range(3)";
    assertThat(labels(open(query, "kind").rows())).containsExactly("k0", "k1", "k2");
  }

  @Test
  @Tag("slow")
  void textsHaveLabelsWhetherAllOrOnlyChosenOnesAreTokenized() throws IOException {
    LocalFile tokenizer =
        new Tokenizer(LocalSpark.assets().resolve("all-minilm-l6-v2-tokenizer.json").toString());
    String csv = file("texts.csv", "kind,body", "a,first text", "b,second text");
    String data =
        append(
            table(
                "body string, kind string",
                RowFactory.create("first text", "a"),
                RowFactory.create("second text", "b")),
            folder.resolve("texts"));
    for (String place : List.of(csv, data, "sql:SELECT * FROM parquet.`" + data + "`")) {
      for (RowChoice choice : RowChoice.values()) {
        if (choice != RowChoice.TEXT || !place.startsWith("sql:")) {
          assertThat(labels(open(place, TOKENS, Optional.of(tokenizer), choice, "kind").samples()))
              .as("%s by %s", place, choice)
              .containsExactly("a", "b");
        }
      }
    }
  }

  @Test
  void columnsThatCannotHaveLabelsAreRefused() throws IOException {
    String data = parquet();
    refuses(data, "sort", "no column 'sort' for labels; it has [x, kind, name, weight]");
    refuses(
        data, "weight", "column 'weight' is double but must hold labels as integers or strings");
    refuses(data, "x", "column 'x' is array<float> but must hold labels");
    refuses(
        file("u.csv", "kind,x", "a,1"), "sort", "no column 'sort' for labels; it has [kind, x]");
    refuses("sql:SELECT 1 AS kind, array(1f, 2f) AS x", "sort", "no column 'sort' for labels");
    assertThatThrownBy(() -> open(file("lines.txt", "some text"), "kind"))
        .hasMessageContaining("Cannot read labels from column 'kind'")
        .hasMessageContaining("give Parquet, CSV or JSON lines");
  }

  private void refuses(String data, String label, String message) {
    assertThatThrownBy(() -> open(data, label))
        .isInstanceOf(InputException.class)
        .hasMessageContaining(message);
  }
}
