package dev.tare.jobs.sql;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tare.jobs.input.LocalSpark;
import dev.tare.jobs.run.TextRuns;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Every query of jobs/docs/sql.md, on real runs of the model that it speaks of. */
class SqlDocumentTest {

  private static final Path DOCUMENT = Path.of("docs", "sql.md");
  private static final Path FOLDER = Path.of("target", "sql-document").toAbsolutePath();
  private static final Pattern BLOCK =
      Pattern.compile(
          "^```sql name=([a-z0-9-]+)( engine=duckdb)?\\n(.*?)^```",
          Pattern.DOTALL | Pattern.MULTILINE);

  private static Path root;
  private static Map<String, String> queries;
  private static Map<String, String> duckdb;

  @BeforeAll
  static void run() throws IOException {
    root = TextRuns.in(FOLDER);
    SqlFunctionsTest.register("tare", root.toString());
    queries = new LinkedHashMap<>();
    duckdb = new TreeMap<>();
    Matcher blocks = BLOCK.matcher(Files.readString(DOCUMENT, StandardCharsets.UTF_8));
    while (blocks.find()) {
      Map<String, String> of = blocks.group(2) == null ? queries : duckdb;
      assertThat(of.put(blocks.group(1), blocks.group(3))).as(blocks.group(1)).isNull();
    }
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
}
