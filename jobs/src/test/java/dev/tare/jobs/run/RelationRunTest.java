package dev.tare.jobs.run;

import static dev.tare.jobs.run.CommandLine.contentSha256;
import static dev.tare.jobs.run.CommandLine.gaussian;
import static dev.tare.jobs.run.CommandLine.json;
import static dev.tare.jobs.run.CommandLine.spark;
import static dev.tare.jobs.run.CommandLine.tare;
import static dev.tare.jobs.run.CommandLine.write;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.tare.testkit.SmallModels;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.functions;
import org.apache.spark.sql.types.StructType;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Data that a session names: tables, views and queries. */
@Tag("slow")
class RelationRunTest {

  @TempDir Path folder;

  private String model;
  private String files;

  @BeforeEach
  void view() throws IOException {
    model = SmallModels.exportedMlp().write(folder.resolve("model.onnx"));
    files = write(folder.resolve("data"), "x array<float>", gaussian(60, 6, 1));
    spark().read().parquet(files).createOrReplaceTempView("features");
  }

  private CommandLine.Result calibrate(String name, String data, String... more) {
    List<String> arguments =
        new ArrayList<>(List.of("calibrate", "--model", model, "--data", data));
    arguments.addAll(List.of("--output", folder.resolve(name).toString()));
    arguments.addAll(List.of(more));
    return tare(arguments.toArray(String[]::new));
  }

  private void refuses(int code, String data, String... words) throws IOException {
    calibrate("refused", data).refuses(code, folder.resolve("refused"), words);
  }

  private JsonNode data(String run) throws IOException {
    for (JsonNode input : json(folder.resolve(run).resolve("manifest.json")).path("inputs")) {
      if (input.path("name").asText().equals("data")) {
        return input;
      }
    }
    throw new AssertionError("no data in the manifest of " + run);
  }

  @Test
  void statisticsAreThoseOfTheSameRowsInFiles() throws IOException {
    calibrate("files", files).ends(0);
    calibrate("table", "table:features").ends(0);
    String query = "sql:SELECT *, 'a%b' AS other FROM features ORDER BY x[0] DESC";
    calibrate("query", query, "--partitions=3").ends(0);
    String expected = contentSha256(folder.resolve("files"));
    assertThat(contentSha256(folder.resolve("table"))).isEqualTo(expected);
    assertThat(contentSha256(folder.resolve("query"))).isEqualTo(expected);
    assertThat(data("table").path("uri").asText()).isEqualTo("table:features");
    assertThat(data("query").path("uri").asText()).startsWith("sql:SELECT%20*,%20'a%25b'%20AS");
    assertThat(data("query").path("sha256").asText())
        .isEqualTo(data("table").path("sha256").asText());
    JsonNode manifest = json(folder.resolve("query").resolve("manifest.json"));
    assertThat(manifest.path("configuration").path("data").asText()).isEqualTo(query);
    assertThat(manifest.path("properties").path("data").path("format").asText()).isEqualTo("sql");

    // The same rows by another name are the same input; other rows are not.
    calibrate("table", "sql:SELECT x FROM features", "--if-finished=reuse").ends(0);
    calibrate("table", "sql:SELECT x FROM features LIMIT 5", "--if-finished=reuse").ends(5);
  }

  /** As a type of its own, and as the struct that a table keeps of it. */
  @Test
  void vectorsOfSparkMlAreTheArraysOfTheirValues() throws IOException {
    List<Row> rows = new ArrayList<>();
    for (Row row : spark().read().parquet(files).collectAsList()) {
      double[] values = row.<Float>getList(0).stream().mapToDouble(Float::doubleValue).toArray();
      rows.add(RowFactory.create(new PretendedVector(values, rows.size() % 2 == 0)));
    }
    spark()
        .createDataFrame(rows, new StructType().add("x", new PretendedVector.Type()))
        .createOrReplaceTempView("vectors");
    spark()
        .table("vectors")
        .select(functions.unwrap_udt(functions.col("x")).as("x"))
        .createOrReplaceTempView("structs");
    calibrate("files", files).ends(0);
    calibrate("vectors", "table:vectors").ends(0);
    calibrate("structs", "sql:SELECT x FROM structs").ends(0);
    String expected = contentSha256(folder.resolve("files"));
    assertThat(contentSha256(folder.resolve("vectors"))).isEqualTo(expected);
    assertThat(contentSha256(folder.resolve("structs"))).isEqualTo(expected);
    String longer = "named_struct('type', 0Y, 'size', 2, 'indices', array(7), 'values', array(1D))";
    refuses(3, "sql:SELECT " + longer + " AS x", "input 'x' is null or contains a null");
  }

  @Test
  void allStagesHoldRowsOutByHash() throws IOException {
    for (String data : List.of(files, "table:features")) {
      Path output = folder.resolve(data.equals(files) ? "from-files" : "from-table");
      tare("run", "--model", model, "--data", data, "--output", output.toString()).ends(0);
    }
    assertThat(contentSha256(folder.resolve("from-table")))
        .isEqualTo(contentSha256(folder.resolve("from-files")));
    assertThat(json(folder.resolve("from-table").resolve("quality.json")).path("outputs"))
        .isEqualTo(json(folder.resolve("from-files").resolve("quality.json")).path("outputs"));
  }

  @Test
  void aViewThatChangesIsRefused() throws IOException {
    spark().sql("CREATE OR REPLACE TEMP VIEW random AS SELECT x FROM features WHERE rand() < 0.5");
    refuses(3, "table:random", "The data changed during the run: table:random gave other rows");
    refuses(3, "sql:SELECT x FROM random", "when it was read again");
  }

  @Test
  void whatCannotBeReadIsSaid() throws IOException {
    refuses(3, "table:missing", "Cannot read table:missing: ", "missing", "cannot be found");
    refuses(3, "sql:SELECT y FROM features", "Cannot read sql:SELECT y FROM features", "`y`");
    refuses(3, "sql:SELECT x AS y FROM features", "no column 'x' for model input 'x'", "has [y]");
    refuses(3, "sql:SELECT '1' AS x", "column 'x' is string but must hold model input 'x'");
    refuses(3, "sql:SELECT 1 AS x, 2 AS X", "2 columns named 'x' apart from upper and lower");
    // The default of Spark 4 alone.
    spark().conf().set("spark.sql.ansi.enabled", "true");
    refuses(3, "sql:SELECT x FROM features WHERE 1 / (size(x) - 6) > 0", "Division by zero");
    spark().conf().unset("spark.sql.ansi.enabled");
    refuses(3, "sql:SELECT x FROM features WHERE raise_error('no rows today')", "no rows today");
    refuses(3, "sql:SELECT x FROM features WHERE false", "No data: sql:SELECT x", "has no rows");
    refuses(3, "sql:SELECT array(1f) AS x", "input 'x' has 1 values", "first: sql:SELECT array");
    refuses(3, "table:features@version=1", "Cannot read table:features");
    refuses(2, "table:", "write table:NAME");
    refuses(2, "table:features@version=", "write table:NAME");
    calibrate("refused", "table:features", "--format=parquet")
        .refuses(3, folder.resolve("refused"), "--format parquet is for files");
  }

  @Test
  void onlyQueriesAreRun() throws IOException {
    refuses(3, "sql:DROP VIEW features", "Cannot read sql:DROP VIEW features");
    refuses(3, "sql:SELECT 1) ; DROP VIEW features", "Cannot read sql:SELECT 1)");
    refuses(3, "sql:INSERT INTO features SELECT x FROM features", "Cannot read sql:INSERT");
    assertThat(spark().table("features").count()).isEqualTo(60);
  }
}
