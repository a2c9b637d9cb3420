package dev.tare.jobs.sql;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.assertj.core.api.Assertions.withinPercentage;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.tare.engine.histogram.Distribution;
import dev.tare.engine.quant.ExpectedError;
import dev.tare.engine.quant.QuantType;
import dev.tare.engine.range.Range;
import dev.tare.engine.range.RangeSelector;
import dev.tare.engine.range.Target;
import dev.tare.engine.statistics.Statistics;
import dev.tare.jobs.input.LocalSpark;
import dev.tare.jobs.run.TextRuns;
import dev.tare.jobs.table.StatisticsTable;
import dev.tare.testkit.PythonEnvironment;
import dev.tare.testkit.SmallModels;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.functions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Every query of jobs/docs/sql.md, on real runs of the model that it speaks of. */
@Tag("slow")
class SqlDocumentTest {

  private static final Path DOCUMENT = Path.of("docs", "sql.md");
  private static final Path FOLDER = Path.of("target", "sql-document").toAbsolutePath();
  private static final Pattern BLOCK =
      Pattern.compile(
          "^```sql name=([a-z0-9-]+)( engine=duckdb)?\\n(.*?)^```",
          Pattern.DOTALL | Pattern.MULTILINE);

  private static final Pattern HEADER =
      Pattern.compile("\\G\\s*^```text\\n(.*?)\\n", Pattern.MULTILINE);

  private static Path root;
  private static String document;
  private static Map<String, String> queries;
  private static Map<String, String> headers;
  private static List<String> forDuckDb;

  @BeforeAll
  static void run() throws IOException {
    root = TextRuns.made();
    SqlFunctionsTest.register("tare", root.toString());
    document = Files.readString(DOCUMENT, StandardCharsets.UTF_8);
    queries = new LinkedHashMap<>();
    headers = new LinkedHashMap<>();
    forDuckDb = new ArrayList<>();
    Matcher blocks = BLOCK.matcher(document);
    while (blocks.find()) {
      assertThat(queries.put(blocks.group(1), blocks.group(3))).as(blocks.group(1)).isNull();
      if (blocks.group(2) != null) {
        forDuckDb.add(blocks.group(1));
      }
      Matcher header = HEADER.matcher(document);
      if (header.find(blocks.end())) {
        headers.put(blocks.group(1), header.group(1).strip());
      }
    }
  }

  /** Each statement of the block that calls a procedure, with files that are here. */
  @Test
  void callsAreAnswered(@TempDir Path folder) throws IOException {
    Matcher calls =
        Pattern.compile("^```sql call=[a-z]+\\n(.*?)^```", Pattern.DOTALL | Pattern.MULTILINE)
            .matcher(document);
    String model = SmallModels.exportedMlp().write(folder.resolve("mlp.onnx"));
    // A catalog keeps the settings of its first use; later tests use it without procedures.
    assertThat(LocalSpark.spark().sql("SHOW NAMESPACES IN tare").collectAsList()).hasSize(1);
    LocalSpark.spark().conf().set("spark.sql.catalog.tare.procedures", "true");
    int called = 0;
    while (calls.find()) {
      for (String statement : calls.group(1).split(";\n", -1)) {
        List<Row> rows =
            LocalSpark.spark()
                .sql(statement.replace("/models/mlp.onnx", model).replace("/runs/", folder + "/"))
                .collectAsList();
        if (statement.contains("CALL")) {
          called++;
          assertThat(rows).hasSize(1);
          assertThat(document.replaceAll("\\s+", " "))
              .contains("one row: `" + String.join(", ", rows.get(0).schema().fieldNames()) + "`");
          assertThat(rows.get(0).<String>getAs("gate")).isEqualTo("passed");
        }
      }
    }
    LocalSpark.spark().conf().unset("spark.sql.catalog.tare.procedures");
    LocalSpark.spark().catalog().dropTempView("recent");
    assertThat(called).isEqualTo(1);
  }

  private static Dataset<Row> ask(String name) {
    return LocalSpark.spark().sql(queries.get(name));
  }

  @Test
  void everyQueryHasAnAnswer() throws IOException {
    StringBuilder answers = new StringBuilder();
    for (String name : queries.keySet()) {
      Dataset<Row> answer = ask(name);
      List<Row> rows = answer.collectAsList();
      assertThat(rows).as(name).isNotEmpty();
      answers.append("== ").append(name).append('\n').append(String.join("\t", answer.columns()));
      rows.forEach(row -> answers.append('\n').append(row.mkString("\t")));
      answers.append('\n');
    }
    // What the document shows, shortened.
    Files.writeString(FOLDER.resolve("answers.txt"), answers);
  }

  @Test
  void twelveQuestionsAreAskedAndAnswersHaveTheColumnsThatAreShown() {
    List<String> numbers = new ArrayList<>();
    Matcher questions = Pattern.compile("^\\*\\*(\\d+)\\. ", Pattern.MULTILINE).matcher(document);
    while (questions.find()) {
      numbers.add(questions.group(1));
    }
    assertThat(numbers).hasSize(12).startsWith("1", "2").endsWith("12");
    assertThat(headers.keySet()).containsExactlyElementsOf(queries.keySet());
    headers.forEach(
        (name, header) ->
            assertThat(header.split(" +", -1)).as(name).containsExactly(ask(name).columns()));
  }

  @Test
  void figuresAreTheEngines() {
    Target target = new Target(QuantType.UINT8, false, false, false);
    for (Row row : ask("clip-most").collectAsList()) {
      Distribution distribution = statistics(row.getString(0)).distribution();
      Range range = RangeSelector.parse("percentile-99.9").select(distribution, target);
      ExpectedError clipping = ExpectedError.of(distribution, target.params(range));
      Range full = RangeSelector.parse("min-max").select(distribution, target);
      ExpectedError minMax = ExpectedError.of(distribution, target.params(full));
      assertThat(row.getFloat(1)).isEqualTo(distribution.max());
      assertThat(row.getFloat(2)).isCloseTo(range.high(), within(6e-4f));
      assertThat(row.getDouble(3)).isCloseTo(100 * clipping.clippedShare(), within(6e-4));
      assertThat(row.getDouble(4)).isCloseTo(clipping.sqnrDb(), within(.06));
      assertThat(row.getDouble(5)).isCloseTo(minMax.sqnrDb(), within(.06));
    }
    long counted = ask("histogram").collectAsList().stream().mapToLong(bin -> bin.getLong(2)).sum();
    assertThat(counted)
        .isEqualTo(
            statistics("/encoder/layer.3/attention/output/LayerNorm/Add_1_output_0").finite());
  }

  private static Statistics statistics(String tensor) {
    return StatisticsTable.toStatistics(
        LocalSpark.spark()
            .read()
            .parquet(root.resolve("calibrated-2026-11-01").resolve("statistics").toString())
            .where(functions.col("tensor").equalTo(tensor).and(functions.col("channel").isNull()))
            .head());
  }

  @Test
  void duckDbGivesTheSameAnswersFromTheBareFiles() throws IOException {
    assertThat(forDuckDb).hasSize(2);
    PythonEnvironment python = PythonEnvironment.of(Path.of("../notebooks/requirements.txt"));
    List<String> command =
        new ArrayList<>(List.of("src/test/python/duckdb_queries.py", root.toString()));
    for (String name : forDuckDb) {
      command.add(Files.writeString(FOLDER.resolve(name + ".sql"), queries.get(name)).toString());
    }
    List<String> answers =
        python
            .script(command.toArray(String[]::new))
            .lines()
            .filter(l -> l.startsWith("["))
            .toList();
    for (int i = 0; i < forDuckDb.size(); i++) {
      List<Row> rows = ask(forDuckDb.get(i)).collectAsList();
      JsonNode theirs = new ObjectMapper().readTree(answers.get(i));
      assertThat(theirs).hasSameSizeAs(rows);
      for (int r = 0; r < rows.size(); r++) {
        for (int c = 0; c < rows.get(r).length(); c++) {
          assertSame(rows.get(r).get(c), theirs.get(r).get(c));
        }
      }
    }
  }

  private static void assertSame(Object ours, JsonNode theirs) {
    if (ours instanceof Number number) {
      assertThat(theirs.doubleValue()).isCloseTo(number.doubleValue(), withinPercentage(1e-4));
    } else {
      assertThat(theirs.isNull() ? null : theirs.asText()).isEqualTo(ours);
    }
  }
}
