package dev.tare.jobs.run;

import static dev.tare.jobs.run.CommandLine.contentSha256;
import static dev.tare.jobs.run.CommandLine.gaussian;
import static dev.tare.jobs.run.CommandLine.json;
import static dev.tare.jobs.run.CommandLine.tareAlone;
import static dev.tare.jobs.run.CommandLine.write;
import static org.assertj.core.api.Assertions.assertThat;

import dev.tare.jobs.input.LocalSpark;
import dev.tare.testkit.SmallModels;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What needs a session with settings of its own: Spark's page for Prometheus, and Delta. */
@Tag("slow")
class OwnSessionTest {

  private static final Pattern LINE =
      Pattern.compile("metrics_\\S+_driver_tare_(\\w+?)_(Count|Value|Number)\\{[^}]*} (\\S+)");

  @TempDir static Path folder;

  private static SparkSession spark;
  private static String model;
  private static String data;

  @BeforeAll
  static void start() throws IOException {
    LocalSpark.stop();
    spark =
        SparkSession.builder()
            .master("local[2]")
            .config("spark.ui.enabled", "true")
            .config("spark.ui.port", "0")
            .config("spark.sql.shuffle.partitions", "2")
            // As in conf/spark-defaults.conf.
            .config("spark.serializer", "org.apache.spark.serializer.KryoSerializer")
            .config("spark.sql.codegen.wholeStage", "false")
            // Delta's default is 50, for logs of large tables.
            .config("spark.databricks.delta.snapshotPartitions", "1")
            .config("spark.sql.warehouse.dir", folder.resolve("warehouse").toString())
            .config(
                "spark.metrics.conf.*.sink.prometheusServlet.class",
                "org.apache.spark.metrics.sink.PrometheusServlet")
            .config("spark.metrics.conf.*.sink.prometheusServlet.path", "/metrics/prometheus")
            .config("spark.sql.extensions", "io.delta.sql.DeltaSparkSessionExtension")
            .config(
                "spark.sql.catalog.spark_catalog",
                "org.apache.spark.sql.delta.catalog.DeltaCatalog")
            .getOrCreate();
    model = SmallModels.exportedMlp().write(folder.resolve("model.onnx"));
    data = write(folder.resolve("data"), "x array<float>", gaussian(60, 6, 1));
  }

  @AfterAll
  static void stop() {
    LocalSpark.stop();
  }

  @Test
  void thePageShowsWhatRunsCounted() throws IOException, InterruptedException {
    run("first");
    Map<String, Double> first = metrics();
    run("second");
    Map<String, Double> second = metrics();

    assertThat(second.get("samples") - first.get("samples")).isBetween(30.0, 60.0);
    // Six values of each sample, and those of the tensors behind.
    assertThat(first.get("values")).isGreaterThan(12 * first.get("samples"));
    assertThat(second.get("values")).isGreaterThan(first.get("values"));
    assertThat(second.get("non_finite")).isEqualTo(first.get("non_finite"));
    assertThat(first.get("clip_share")).isBetween(0.0, 0.01);
    for (String stage : List.of("calibrate", "select", "quantize", "evaluate")) {
      assertThat(first.get(stage + "_seconds")).isBetween(0.001, 600.0);
    }

    // And the same run as rows of Delta.
    String published = folder.resolve("first").toString();
    tareAlone("publish", published, "--tables", "spark_catalog.runs").ends(0);
    assertThat(tareAlone("publish", published, "--tables", "spark_catalog.runs").ends(0).out())
        .contains("spark_catalog.runs.quality: has run first already");
    assertThat(spark.table("runs.quality").count()).isEqualTo(1);
    assertThat(spark.sql("DESCRIBE HISTORY runs.statistics").count()).isEqualTo(1);
  }

  @Test
  void aDeltaTableIsReadAtTheVersionThatTheManifestNames() throws IOException {
    spark.sql("CREATE TABLE features USING delta AS SELECT * FROM parquet.`%s`".formatted(data));
    assertThat(calibrated("table:features", "then")).isEqualTo("table:features@version=0");
    spark.sql("INSERT INTO features SELECT * FROM features LIMIT 20");
    assertThat(calibrated("table:features", "now")).isEqualTo("table:features@version=1");
    String time =
        spark
            .sql("DESCRIBE HISTORY features")
            .where("version = 0")
            .selectExpr("string(timestamp)")
            .head()
            .getString(0);
    calibrated("table:features@timestamp=" + time, "at-a-time");
    calibrated(data, "files");
    String expected = contentSha256(folder.resolve("files"));
    assertThat(contentSha256(folder.resolve("then"))).isEqualTo(expected);
    assertThat(contentSha256(folder.resolve("at-a-time"))).isEqualTo(expected);
    assertThat(contentSha256(folder.resolve("now"))).isNotEqualTo(expected);
  }

  /** Returns what the manifest says that was read. */
  private static String calibrated(String data, String name) throws IOException {
    Path output = folder.resolve(name);
    tareAlone("calibrate", "--model", model, "--data", data, "--output", output.toString()).ends(0);
    return json(output.resolve("manifest.json")).path("inputs").path(0).path("uri").asText();
  }

  private static void run(String name) {
    String output = folder.resolve(name).toString();
    tareAlone("run", "--model", model, "--data", data, "--output", output).ends(0);
  }

  private static Map<String, Double> metrics() throws IOException, InterruptedException {
    String page = spark.sparkContext().uiWebUrl().get() + "/metrics/prometheus/";
    String text =
        HttpClient.newHttpClient()
            .send(HttpRequest.newBuilder(URI.create(page)).build(), BodyHandlers.ofString())
            .body();
    Map<String, Double> values = new TreeMap<>();
    LINE.matcher(text)
        .results()
        .forEach(line -> values.put(line.group(1), Double.valueOf(line.group(3))));
    return values;
  }
}
