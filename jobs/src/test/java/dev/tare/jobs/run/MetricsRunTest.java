package dev.tare.jobs.run;

import static dev.tare.jobs.run.CommandLine.gaussian;
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
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Spark's own page for Prometheus, read over HTTP. */
@Tag("slow")
class MetricsRunTest {

  private static final Pattern LINE =
      Pattern.compile("metrics_\\S+_driver_tare_(\\w+?)_(Count|Value|Number)\\{[^}]*} (\\S+)");

  @TempDir Path folder;

  @Test
  void thePageShowsWhatRunsCounted() throws IOException, InterruptedException {
    LocalSpark.stop();
    SparkSession spark =
        SparkSession.builder()
            .master("local[2]")
            .config("spark.ui.enabled", "true")
            .config("spark.ui.port", "0")
            .config("spark.sql.shuffle.partitions", "2")
            .config(
                "spark.metrics.conf.*.sink.prometheusServlet.class",
                "org.apache.spark.metrics.sink.PrometheusServlet")
            .config("spark.metrics.conf.*.sink.prometheusServlet.path", "/metrics/prometheus")
            .getOrCreate();
    try {
      String model = SmallModels.exportedMlp().write(folder.resolve("model.onnx"));
      String data = write(folder.resolve("data"), "x array<float>", gaussian(60, 6, 1));
      run(model, data, "first");
      Map<String, Double> first = metrics(spark);
      run(model, data, "second");
      Map<String, Double> second = metrics(spark);

      assertThat(second.get("samples") - first.get("samples")).isBetween(30.0, 60.0);
      // Six values of each sample, and those of the tensors behind.
      assertThat(first.get("values")).isGreaterThan(12 * first.get("samples"));
      assertThat(second.get("values")).isGreaterThan(first.get("values"));
      assertThat(second.get("non_finite")).isEqualTo(first.get("non_finite"));
      assertThat(first.get("clip_share")).isBetween(0.0, 0.01);
      for (String stage : List.of("calibrate", "select", "quantize", "evaluate")) {
        assertThat(first.get(stage + "_seconds")).isBetween(0.001, 600.0);
      }
    } finally {
      LocalSpark.stop();
    }
  }

  private void run(String model, String data, String name) {
    String output = folder.resolve(name).toString();
    tareAlone("run", "--model", model, "--data", data, "--output", output).ends(0);
  }

  private static Map<String, Double> metrics(SparkSession spark)
      throws IOException, InterruptedException {
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
