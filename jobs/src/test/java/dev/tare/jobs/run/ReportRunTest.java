package dev.tare.jobs.run;

import static dev.tare.jobs.run.CommandLine.contentSha256;
import static dev.tare.jobs.run.CommandLine.gaussian;
import static dev.tare.jobs.run.CommandLine.json;
import static dev.tare.jobs.run.CommandLine.tare;
import static dev.tare.jobs.run.CommandLine.write;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import dev.tare.testkit.SmallModels;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.sql.Row;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code tare report} on runs of a small network, and what evaluation keeps for it. */
@Tag("slow")
class ReportRunTest {

  private static final int EVALUATED = 30;

  @TempDir static Path shared;
  @TempDir Path folder;

  private static String model;
  private static String data;
  private static String evalData;
  private static Path whole;

  @BeforeAll
  static void run() throws IOException {
    model = SmallModels.exportedMlp().write(shared.resolve("model.onnx"));
    data = write(shared.resolve("data"), "x array<float>", gaussian(60, 6, 1));
    evalData = write(shared.resolve("eval"), "x array<float>", gaussian(EVALUATED, 6, 2));
    whole = shared.resolve("whole");
    tare(
            "run",
            "--model",
            model,
            "--data",
            data,
            "--eval-data",
            evalData,
            "--sensitivity",
            "12",
            "--output",
            whole.toString())
        .ends(0);
  }

  private String page(String name, String... arguments) throws IOException {
    Path out = folder.resolve(name);
    List<String> words = new ArrayList<>(List.of("report"));
    words.addAll(List.of(arguments));
    words.addAll(List.of("--out", out.toString()));
    CommandLine.Result result = tare(words.toArray(String[]::new)).ends(0);
    assertThat(result.out()).contains(out.toString());
    assertThat(folder.toFile().list()).doesNotContain("." + name + ".crc", "." + name + ".tmp");
    return Files.readString(out);
  }

  @Test
  void pageOfARunOfAllStagesHoldsItsFigures() throws IOException {
    String html = page("page.html", whole.toString());
    JsonNode quality = json(whole.resolve("quality.json")).path("outputs").path(0);
    assertThat(html)
        .contains("<h1>whole</h1>", "Gate passed", contentSha256(whole))
        .contains("%.5f".formatted(quality.path("cosine").path("mean").asDouble()))
        .contains("%.2f dB".formatted(quality.path("sqnr-db").asDouble()))
        .contains("360 values", "480 values", "The integers of 48 weights")
        .contains("6 channels. Channel ", "rounding alone", "clipping alone")
        .contains("Measured", "left in float alone and the model run on")
        .contains(
            "To leave the first in float, for about +5",
            "{ tensors = \"first\", quantize = false }")
        .contains("with percentile-99.99", "with mse", "with 16 bits")
        .doesNotContain("Not in this page");
    assertThat(page("again.html", whole.toString())).isEqualTo(html);
  }

  @Test
  void sourcesOfAChainAreFollowed() throws IOException {
    Path statistics = chain("statistics", "calibrate", "--data", data);
    Path plan = chain("plan", "select", "--statistics", statistics.toString());
    Path quantized = chain("quantized", "quantize", "--plan", plan.toString());
    Path quality =
        chain("quality", "evaluate", "--quantized", quantized.toString(), "--data", evalData);

    String html = page("quality.html", quality.toString());
    assertThat(html)
        .contains("<h1>quality</h1>", "No gate was set", contentSha256(statistics))
        .contains("360 values", "The integers of 48 weights", "Estimate")
        .doesNotContain("Not in this page");
    assertThat(page("plan.html", plan.toString()))
        .contains("Not evaluated", "There is no evaluation", "There are no quantized weights")
        .contains("360 values", "No integers of this weight were found.");
    assertThat(page("statistics.html", statistics.toString()))
        .contains("There is no plan, so no table of tensors.");

    Path away = folder.resolve("away");
    Files.move(plan, away);
    assertThat(page("broken.html", quality.toString()))
        .contains("names file://" + plan + " as its input 'plan', but there is no finished run")
        .contains("There is no plan, so no table of tensors.");
    Path together = Files.createDirectory(folder.resolve("moved"));
    Files.move(away, together.resolve("plan"));
    for (Path run : List.of(statistics, quantized, quality)) {
      Files.move(run, together.resolve(run.getFileName()));
    }
    assertThat(page("moved.html", together.resolve("quality").toString())).isEqualTo(html);
  }

  @Test
  void pageNamesTheSamplesThatHoldTheExtremes() throws IOException {
    Row input =
        CommandLine.spark()
            .read()
            .parquet(whole.resolve("statistics").toString())
            .filter("tensor = 'x' and channel is null")
            .collectAsList()
            .get(0);
    String html = page("origins.html", whole.toString());
    for (String extreme : List.of("min", "max")) {
      assertThat(html)
          .contains(
              "sample <span class=\"hash\">%s</span>, %s, row %d"
                  .formatted(
                      input.<String>getAs(extreme + "_sample"),
                      input.<String>getAs(extreme + "_file"),
                      input.<Long>getAs(extreme + "_row")));
    }
  }

  private Path chain(String name, String stage, String... more) {
    Path output = folder.resolve(name);
    List<String> words = new ArrayList<>(List.of(stage, "--model", model));
    words.addAll(List.of(more));
    words.addAll(List.of("--output", output.toString()));
    tare(words.toArray(String[]::new)).ends(0);
    return output;
  }

  @Test
  void comparisonTakesAnotherRun() throws IOException {
    Path plan =
        chain("mse", "select", "--statistics", whole.toString(), "--recipe", "int8-percentile");
    assertThat(page("compared.html", plan.toString(), "--compare", whole.toString()))
        .contains("Compared with whole", "What the runs were told differently", "int8-percentile")
        .contains("Tensors that moved most");
  }

  @Test
  void pageNeverGoesIntoARun() {
    CommandLine.Result refused =
        tare("report", whole.toString(), "--out", whole.resolve("report.html").toString()).ends(2);
    assertThat(refused.err()).contains("Refusing to write the page", "which never changes");
    assertThat(tare("report", whole.toString(), "--out", folder.toString()).ends(2).err())
        .contains("is a folder; give a file by --out");
    assertThat(tare("report", folder.toString()).ends(3).err()).contains("is not a finished run");
    assertThat(whole.resolve("report.html")).doesNotExist();
  }

  @Test
  void evaluationKeepsQuantilesWorstSamplesAndSomeValues() throws IOException {
    JsonNode output = json(whole.resolve("quality.json")).path("outputs").path(0);
    JsonNode samples = output.path("per-sample");
    assertThat(samples.path("cosine-quantiles")).hasSize(101);
    assertThat(samples.path("cosine-quantiles").path(0).asDouble())
        .isEqualTo(output.path("cosine").path("min").asDouble())
        .isEqualTo(samples.path("worst").path(0).path("cosine").asDouble());
    assertThat(samples.path("cosine-quantiles").path(50).asDouble())
        .isEqualTo(output.path("cosine").path("p50").asDouble());
    assertThat(samples.path("worst")).hasSize(10);
    assertThat(samples.path("worst").path(0).path("sample").asText()).hasSize(64);
    assertThat(output.path("values").path("float")).hasSize(4 * EVALUATED);
    double noise = 0;
    double signal = 0;
    for (int i = 0; i < 4 * EVALUATED; i++) {
      double value = output.path("values").path("float").path(i).asDouble();
      double error = output.path("values").path("quantized").path(i).asDouble() - value;
      signal += value * value;
      noise += error * error;
    }
    assertThat(10 * Math.log10(signal / noise))
        .as("every value of these small outputs is kept")
        .isCloseTo(output.path("sqnr-db").asDouble(), within(1e-3));
  }

  @Test
  void sensitivityIsThatOfModelsWithOneOperatorLeftInFloat() throws IOException {
    JsonNode measured = json(whole.resolve("quality.json")).path("sensitivity");
    assertThat(measured.path("samples").asInt()).isEqualTo(12);
    assertThat(measured.path("operators").findValuesAsText("node"))
        .containsExactly("first", "second");
    for (JsonNode operator : measured.path("operators")) {
      String node = operator.path("node").asText();
      String recipe =
          Files.writeString(
                  folder.resolve(node + ".conf"),
                  "include \"int8.conf\"\nrules = [{ tensors = \"%s\", quantize = false }]"
                      .formatted(node))
              .toString();
      Path run = folder.resolve(node);
      tare(
              "run",
              "--model",
              model,
              "--data",
              data,
              "--eval-data",
              evalData,
              "--recipe",
              recipe,
              "--eval-samples",
              "12",
              "--batch-size",
              "1",
              "--output",
              run.toString())
          .ends(0);
      JsonNode left = json(run.resolve("quality.json")).path("outputs").path(0);
      assertThat(operator.path("sqnr-db").asDouble())
          .isCloseTo(left.path("sqnr-db").asDouble(), within(1e-9));
      assertThat(operator.path("cosine-mean").asDouble())
          .isCloseTo(left.path("cosine").path("mean").asDouble(), within(1e-9));
      assertThat(operator.path("sqnr-db").asDouble())
          .isGreaterThan(measured.path("sqnr-db").asDouble());
    }
  }

  @Test
  void sensitivityNeedsThePlan() throws IOException {
    Path quantized = chain("lonely", "quantize", "--plan", whole.toString());
    Path hidden = shared.resolve("hidden");
    Files.move(whole, hidden);
    try {
      CommandLine.Result refused =
          tare(
              "evaluate",
              "--model",
              model,
              "--quantized",
              quantized.toString(),
              "--data",
              evalData,
              "--sensitivity",
              "3",
              "--output",
              folder.resolve("q").toString());
      refused.refuses(3, folder.resolve("q"), "--sensitivity needs the plan of run", "lonely");
    } finally {
      Files.move(hidden, whole);
    }
  }
}
