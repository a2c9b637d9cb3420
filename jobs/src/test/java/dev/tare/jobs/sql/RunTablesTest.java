package dev.tare.jobs.sql;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.tare.jobs.artifact.Interval;
import dev.tare.jobs.artifact.LabelQuality;
import dev.tare.jobs.artifact.Quality;
import dev.tare.jobs.artifact.QualityJson;
import dev.tare.jobs.input.LocalSpark;
import dev.tare.jobs.run.DailyRuns;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.functions;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is a row of the tables, and what is not. */
@Tag("slow")
class RunTablesTest {

  private static final ObjectMapper JSON = new ObjectMapper();

  @TempDir static Path folder;

  private static Path root;

  @BeforeAll
  static void run() throws IOException {
    DailyRuns days = DailyRuns.in(folder);
    root = days.root();
    days.day(1);
    days.calibrate(days.data(2), root.resolve("november").resolve("day-02"));
    days.whole("int8", days.data(3), root.resolve("int8"));
  }

  @BeforeEach
  void register() {
    SqlFunctionsTest.register("tables", root.toString());
  }

  @AfterEach
  void settings() {
    LocalSpark.spark().conf().unset("spark.sql.files.ignoreCorruptFiles");
  }

  private static List<Row> sql(String query) {
    return LocalSpark.spark().sql(query).collectAsList();
  }

  private static List<String> runs(String table) {
    return sql("SELECT DISTINCT run_id FROM tables." + table + " ORDER BY run_id").stream()
        .map(row -> row.getString(0))
        .toList();
  }

  @Test
  void finishedRunsAtAnyDepthAreOneTable() throws IOException {
    assertThat(runs("statistics")).containsExactly("day-01", "day-02", "int8");
    assertThat(runs("runs")).containsExactly("day-01", "day-02", "int8");
    for (String table : List.of("plan", "tensors", "weights", "quality")) {
      assertThat(runs(table)).as(table).containsExactly("int8");
    }
    JsonNode manifest = JSON.readTree(root.resolve("int8/manifest.json").toFile());
    assertThat(runs("moments")).as("nobody asked for moments").isEmpty();
    assertThat(runs("gram")).as("nobody asked for Gram matrices").isEmpty();
    for (String table : RunTables.NAMES) {
      if (Set.of("moments", "gram", "folds", "sensitivity").contains(table)) {
        continue;
      }
      List<Row> facts =
          sql(
              "SELECT DISTINCT run_id, model_sha256, created FROM tables.%s WHERE run_id = 'int8'"
                  .formatted(table));
      assertThat(facts).as(table).hasSize(1);
      assertThat(facts.get(0).getString(1))
          .isEqualTo(manifest.path("properties").path("calibration").path("model-sha256").asText());
      assertThat(facts.get(0).getTimestamp(2).toInstant())
          .hasToString(manifest.path("created").asText());
    }
  }

  @Test
  void valuesAreThoseOfTheFiles() {
    for (String part : List.of("statistics", "plan", "tensors", "weights")) {
      Dataset<Row> bare =
          LocalSpark.spark().read().parquet(root.resolve("int8").resolve(part).toString());
      Dataset<Row> table = LocalSpark.spark().table("tables." + part).where("run_id = 'int8'");
      assertThat(table.selectExpr(bare.columns()).toJSON().collectAsList())
          .as(part)
          .isNotEmpty()
          .containsExactlyInAnyOrderElementsOf(bare.toJSON().collectAsList());
    }
  }

  @Test
  void qualityAndRunsSayWhatTheirFilesSay() throws IOException {
    JsonNode quality = JSON.readTree(root.resolve("int8/quality.json").toFile());
    Row row = sql("SELECT output, samples, gate, sqnr_db, cosine_mean FROM tables.quality").get(0);
    JsonNode output = quality.path("outputs").get(0);
    assertThat(row.getString(0)).isEqualTo(output.path("name").asText());
    assertThat(row.getLong(1)).isEqualTo(quality.path("samples").asLong());
    assertThat(row.getString(2)).isEqualTo("passed");
    assertThat(row.getDouble(3)).isEqualTo(output.path("sqnr-db").doubleValue());
    assertThat(row.getDouble(4)).isEqualTo(output.path("cosine").path("mean").doubleValue());
    Row run =
        sql("SELECT stages, gate, samples, content_sha256, configuration['recipe'], location,"
                + " bytes FROM tables.runs WHERE run_id = 'int8'")
            .get(0);
    assertThat(run.<String>getList(0))
        .containsExactly("calibrate", "select", "quantize", "evaluate");
    assertThat(run.getString(1)).isEqualTo("passed");
    assertThat(run.getString(3)).isEqualTo(DailyRuns.contentSha256(root.resolve("int8")));
    assertThat(run.getString(4)).isEqualTo("int8");
    assertThat(Path.of(java.net.URI.create(run.getString(5)).getPath()))
        .isEqualTo(root.resolve("int8"));
    assertThat(run.getLong(6)).isPositive();
  }

  @Test
  void measuresByLabelsAreAColumnOfTheOutputThatTheyAreOf() throws Exception {
    assertThat(sql("SELECT measures FROM tables.quality").get(0).isNullAt(0)).isTrue();
    Path other = folder.resolve("labelled");
    copy(root.resolve("int8"), other.resolve("int8"));
    Path file = other.resolve("int8/quality.json");
    Quality quality = QualityJson.parse(Files.readString(file), "quality.json");
    String output = quality.outputs().get(0).name();
    LabelQuality labels =
        new LabelQuality(
            Optional.of("kind"),
            output,
            6,
            List.of(
                new LabelQuality.Measure("accuracy", 5 / 6.0, 4 / 6.0, interval(-.5, 0)),
                new LabelQuality.Measure("macro F1", .875, .5, interval(-.5, -.25)),
                new LabelQuality.Measure("strings as labelled", 1, 1, Optional.empty())));
    Files.writeString(file, QualityJson.format(quality.with(labels)));
    rewriteDigest(other.resolve("int8"), file);
    SqlFunctionsTest.register("tables", other.toString());
    List<Row> rows =
        sql("SELECT run_id, output, inline(measures) FROM tables.quality ORDER BY measure");
    assertThat(rows.stream().map(Row::mkString).toList()).hasSize(3);
    Row accuracy = rows.get(0);
    assertThat(accuracy.getString(0)).isEqualTo("int8");
    assertThat(accuracy.getString(1)).isEqualTo(output);
    assertThat(accuracy.<String>getAs("measure")).isEqualTo("accuracy");
    assertThat(accuracy.<String>getAs("label_column")).isEqualTo("kind");
    assertThat(accuracy.<Long>getAs("samples")).isEqualTo(6);
    assertThat(accuracy.<Double>getAs("of_float")).isEqualTo(5 / 6.0);
    assertThat(accuracy.<Double>getAs("of_quantized")).isEqualTo(4 / 6.0);
    assertThat(accuracy.<Double>getAs("difference")).isEqualTo(4 / 6.0 - 5 / 6.0);
    assertThat(accuracy.<Double>getAs("difference_low")).isEqualTo(-.5);
    assertThat(accuracy.<Double>getAs("difference_high")).isEqualTo(0);
    assertThat(accuracy.<Boolean>getAs("apart")).as("0 is inside").isFalse();
    assertThat(rows.get(1).<Boolean>getAs("apart")).isTrue();
    assertThat(rows.get(2).<Double>getAs("difference_low")).as("of one sample").isNull();
  }

  private static Optional<Interval> interval(double low, double high) {
    return Optional.of(new Interval(low, high));
  }

  @Test
  void unfinishedRunsAttemptsAndHiddenFoldersAreNoRuns() throws IOException {
    Path other = folder.resolve("other");
    copy(root.resolve("day-01"), other.resolve("finished"));
    copy(root.resolve("day-01"), other.resolve("unfinished"));
    Files.delete(other.resolve("unfinished/manifest.json"));
    copy(root.resolve("day-01"), other.resolve("_hidden"));
    copy(root.resolve("day-01"), other.resolve(".trash"));
    copy(root.resolve("day-01"), other.resolve("finished/_attempt-2"));
    copy(root.resolve("day-01"), other.resolve("unfinished/_attempt-1"));
    Files.copy(
        only(other.resolve("finished/statistics")),
        other.resolve("finished/statistics/part-99999.parquet"));
    SqlFunctionsTest.register("tables", other.toString());
    assertThat(sql("SELECT location FROM tables.runs")).hasSize(1);
    assertThat(sql("SELECT count(*) FROM tables.statistics").get(0).getLong(0)).isEqualTo(16);
    SqlFunctionsTest.register("tables", other + " , " + root);
    assertThat(sql("SELECT location FROM tables.runs")).hasSize(4);
  }

  @Test
  void newRunsAppearAtTheNextQuery() throws IOException {
    Path other = folder.resolve("growing");
    copy(root.resolve("day-01"), other.resolve("first"));
    SqlFunctionsTest.register("tables", other.toString());
    assertThat(sql("SELECT count(*) FROM tables.statistics").get(0).getLong(0)).isEqualTo(16);
    copy(root.resolve("day-01"), other.resolve("second"));
    assertThat(sql("SELECT count(*) FROM tables.statistics").get(0).getLong(0)).isEqualTo(32);
  }

  @Test
  void filesThatAreNotWhatTheManifestSaysAreRefused() throws IOException {
    Path other = folder.resolve("damaged");
    copy(root.resolve("day-01"), other.resolve("day-01"));
    Path file = only(other.resolve("day-01/statistics"));
    byte[] bytes = Files.readAllBytes(file);
    SqlFunctionsTest.register("tables", other.toString());
    Files.write(file, new byte[0]);
    assertThatThrownBy(() -> sql("SELECT * FROM tables.statistics"))
        .hasMessageContaining("is damaged: ")
        .hasMessageContaining(file.getFileName() + " has 0 bytes, but the manifest says ");
    Files.delete(file);
    assertThatThrownBy(() -> sql("SELECT * FROM tables.statistics"))
        .hasMessageContaining(file.getFileName() + " is missing");
    Files.write(file, bytes);
    assertThat(sql("SELECT * FROM tables.statistics")).hasSize(16);
    LocalSpark.spark().conf().set("spark.sql.files.ignoreCorruptFiles", true);
    assertThatThrownBy(() -> sql("SELECT * FROM tables.statistics"))
        .hasMessageContaining("spark.sql.files.ignoreCorruptFiles is on");
  }

  @Test
  void aRootThatIsNotSetOrNotThereIsNamed() {
    SqlFunctionsTest.register("tables", " ");
    assertThatThrownBy(() -> sql("SELECT * FROM tables.runs"))
        .hasMessageContaining("Set spark.sql.catalog.tables.root to the folder of the runs");
    SqlFunctionsTest.register("tables", folder.resolve("nowhere").toString());
    assertThatThrownBy(() -> sql("SELECT * FROM tables.runs"))
        .hasMessageContaining("the runs of spark.sql.catalog.tables.root: No such folder: ");
  }

  @Test
  void columnsAreCutAndFiltersReachTheFilesAndTheRuns() {
    String plan =
        LocalSpark.spark()
            .sql(
                "EXPLAIN FORMATTED SELECT tensor, max FROM tables.statistics"
                    + " WHERE run_id = 'day-02' AND channel = 3 AND max > 1")
            .collectAsList()
            .get(0)
            .getString(0);
    assertThat(plan)
        .contains("ReadSchema: struct<tensor:string,channel:int,max:float>")
        .contains("IsNotNull(channel)", "EqualTo(channel,3)", "GreaterThan(max,1.0)")
        .containsPattern("PartitionFilters: .*run_id.*day-02");
  }

  @Test
  void filesOfBothFormatVersionsAreOneTable() throws Exception {
    Path other = folder.resolve("versions");
    copy(root.resolve("day-01"), other.resolve("one"));
    copy(root.resolve("day-01"), other.resolve("two"));
    SparkSession spark = LocalSpark.spark();
    Path file = only(other.resolve("two/statistics"));
    spark
        .read()
        .parquet(only(other.resolve("one/statistics")).toString())
        .drop("min_sample", "min_file", "min_row", "max_sample", "max_file", "max_row")
        .withColumn("format_version", functions.lit(1))
        .coalesce(1)
        .write()
        .parquet(folder.resolve("version-1").toString());
    Files.delete(file);
    Files.copy(only(folder.resolve("version-1")), file);
    rewriteDigest(other.resolve("two"), file);
    SqlFunctionsTest.register("tables", other.toString());
    List<Row> rows =
        sql(
            """
            SELECT s.count, s.min_sample, samples, versions FROM (
              SELECT tensor, tare.fn.merge(struct(*)) AS s, count(min_sample) AS samples,
                count(DISTINCT format_version) AS versions
              FROM tables.statistics WHERE channel IS NULL GROUP BY tensor)
            ORDER BY tensor
            """
                .replace("tare.fn", "tables.fn"));
    assertThat(rows).hasSize(2);
    for (Row row : rows) {
      assertThat(row.getLong(2)).isEqualTo(1);
      assertThat(row.getLong(3)).isEqualTo(2);
      assertThat(row.getString(1)).hasSize(64);
    }
    assertThat(rows.get(1).getLong(0)).isEqualTo(2L * DailyRuns.VALUES);
  }

  private static void rewriteDigest(Path run, Path file)
      throws IOException, NoSuchAlgorithmException {
    Path manifest = run.resolve("manifest.json");
    ObjectNode root = (ObjectNode) JSON.readTree(manifest.toFile());
    byte[] bytes = Files.readAllBytes(file);
    for (JsonNode entry : (ArrayNode) root.path("files")) {
      if (entry.path("path").asText().endsWith(file.getFileName().toString())) {
        ((ObjectNode) entry).put("bytes", bytes.length);
        ((ObjectNode) entry)
            .put(
                "sha256",
                HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes)));
      }
    }
    Files.write(manifest, JSON.writeValueAsBytes(root));
  }

  private static Path only(Path part) throws IOException {
    try (var files = Files.list(part)) {
      return files.filter(f -> f.toString().endsWith(".parquet")).findFirst().orElseThrow();
    }
  }

  private static void copy(Path from, Path to) throws IOException {
    try (var files = Files.walk(from)) {
      for (Path file : files.toList()) {
        if (!file.getFileName().toString().endsWith(".crc")) {
          Path target = to.resolve(from.relativize(file).toString());
          Files.createDirectories(Files.isDirectory(file) ? target : target.getParent());
          if (Files.isRegularFile(file)) {
            Files.copy(file, target);
          }
        }
      }
    }
  }
}
