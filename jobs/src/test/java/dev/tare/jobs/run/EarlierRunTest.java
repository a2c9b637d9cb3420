package dev.tare.jobs.run;

import static dev.tare.jobs.run.CommandLine.contentSha256;
import static dev.tare.jobs.run.CommandLine.gaussian;
import static dev.tare.jobs.run.CommandLine.json;
import static dev.tare.jobs.run.CommandLine.tare;
import static dev.tare.jobs.run.CommandLine.tareAlone;
import static dev.tare.jobs.run.CommandLine.write;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.tare.jobs.sql.TareCatalog;
import dev.tare.testkit.SmallModels;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A run that an earlier program wrote is read by everything that reads runs.
 *
 * <p>The folder {@code run-v1} was written by commit 6228048, by {@link #command}, and is never
 * edited: it stands for the runs that users have.
 */
@Tag("slow")
class EarlierRunTest {

  @TempDir static Path shared;
  @TempDir Path folder;

  private static Path model;
  private static Path run;

  @BeforeAll
  static void find() throws URISyntaxException {
    Path fixture = Path.of(EarlierRunTest.class.getResource("run-v1").toURI());
    model = fixture.resolve("model.onnx");
    run = fixture.resolve("run");
  }

  /** All stages over a few rows, with everything that a run can say of itself. */
  private static String[] command(Path model, Path folder, Path output) throws IOException {
    return new String[] {
      "run",
      "--model",
      model.toString(),
      "--data",
      write(folder.resolve("data"), "x array<float>", gaussian(12, 6, 1)),
      "--eval-data",
      write(folder.resolve("eval-data"), "x array<float>", gaussian(6, 6, 2)),
      "--output",
      output.toString(),
      "--run-id",
      "run-v1",
      "--min-cosine",
      "0.9",
      "--sensitivity",
      "4"
    };
  }

  @Test
  void modelIsTheOneThatItWasMadeFrom() throws IOException {
    assertThat(model).hasBinaryContent(SmallModels.exportedMlp().bytes());
  }

  @Test
  void isInspectedAndVerified() throws IOException {
    assertThat(tareAlone("inspect", "--verbose", run.toString()).ends(0).out())
        .containsPattern("run +run-v1\\R")
        .containsPattern("stages +calibrate, select, quantize, evaluate\\R")
        .containsPattern("\\Rcontent-sha256 +" + contentSha256(run) + "\\R")
        .containsPattern("calibration.samples +12\\R")
        .containsPattern("calibration.channels-kept +histograms of 14 channels\\R")
        .containsPattern("data.samples-available +12\\R")
        .containsPattern("evaluation.vector +y\\R")
        .containsPattern("gate +passed\\R")
        .containsPattern("selection.recipe +int8\\R");
    assertThat(tareAlone("verify", run.toString()).ends(0).out()).contains("run-v1");
  }

  @Test
  void isReportedAndPublished() throws IOException {
    Path page = folder.resolve("page.html");
    tare("report", run.toString(), "--out", page.toString()).ends(0);
    assertThat(Files.readString(page))
        .contains("<h1>run-v1</h1>", "Gate passed", contentSha256(run), "cosine, mean")
        .contains("Layers to leave in float", "Measured")
        .doesNotContain("Not in this page:");
    tareAlone("publish", run.toString(), "--as", folder.resolve("current").toString()).ends(0);
  }

  @Test
  void givesTheSamePlanAgain() throws IOException {
    Path plan = folder.resolve("plan");
    tare(
            "select",
            "--model",
            model.toString(),
            "--statistics",
            run.toString(),
            "--output",
            plan.toString())
        .ends(0);
    assertThat(plan.resolve("plan.json")).hasSameTextualContentAs(run.resolve("plan.json"));
  }

  @Test
  void isMergedAndComparedWithANewOne() throws IOException {
    Path now = folder.resolve("now");
    tare(
            "calibrate",
            "--model",
            model.toString(),
            "--data",
            write(folder.resolve("more"), "x array<float>", gaussian(20, 6, 3)),
            "--output",
            now.toString())
        .ends(0);
    Path merged = folder.resolve("merged");
    // Another processor than the one that wrote it is another condition.
    tare("merge", run.toString(), now.toString(), "--allow-mixed", "--output", merged.toString())
        .ends(0);
    JsonNode facts = json(merged.resolve("manifest.json")).at("/properties/calibration");
    assertThat(facts.path("samples").asInt()).isEqualTo(32);
    assertThat(facts.path("merged-runs").asInt()).isEqualTo(2);
    assertThat(facts.path("channels-kept").asText()).isEqualTo("histograms of 14 channels");
    assertThat(tare("drift", "--baseline", run.toString(), "--current", run.toString()).ends(0))
        .extracting(CommandLine.Result::out)
        .asString()
        .contains("drift: none; all 2 tensors");
  }

  @Test
  void isInTheTables() throws IOException {
    SparkSession spark = CommandLine.spark();
    spark.conf().set("spark.sql.catalog.earlier", TareCatalog.class.getName());
    spark.conf().set("spark.sql.catalog.earlier.root", run.getParent().toString());
    Row facts =
        spark
            .sql("SELECT run_id, model_sha256, gate, samples, content_sha256 FROM earlier.runs")
            .head();
    assertThat(facts.getString(0)).isEqualTo("run-v1");
    assertThat(facts.getString(1)).hasSize(64);
    assertThat(facts.getString(2)).isEqualTo("passed");
    assertThat(facts.getLong(3)).isEqualTo(12);
    assertThat(facts.getString(4)).isEqualTo(contentSha256(run));
    JsonNode quality = json(run.resolve("quality.json"));
    JsonNode output = quality.path("outputs").get(0);
    Row measured =
        spark
            .sql(
                """
                SELECT output, vector, samples, gate, sqnr_db, cosine_mean, cosine_p1, classes,
                  argmax_agreement, largest_error, worst_channel, worst_channel_axis,
                  worst_channel_sqnr_db
                FROM earlier.quality
                """)
            .head();
    assertThat(measured.getString(0)).isEqualTo("y");
    assertThat(measured.getString(1)).isEqualTo("as is");
    assertThat(measured.getLong(2)).isEqualTo(6);
    assertThat(measured.getString(3)).isEqualTo("passed");
    assertThat(measured.getDouble(4)).isEqualTo(output.path("sqnr-db").asDouble());
    assertThat(measured.getDouble(5)).isEqualTo(output.at("/cosine/mean").asDouble());
    assertThat(measured.getDouble(6)).isEqualTo(output.at("/cosine/p1").asDouble());
    assertThat(measured.getBoolean(7)).isFalse();
    assertThat(measured.getDouble(8)).isEqualTo(output.path("argmax-agreement").asDouble());
    assertThat(measured.getDouble(9)).isEqualTo(output.path("largest-error").asDouble());
    assertThat(measured.getLong(10)).isEqualTo(output.at("/channels/0/worst/channel").asLong());
    assertThat(measured.getLong(11)).isEqualTo(-1);
    assertThat(measured.getDouble(12)).isEqualTo(output.at("/channels/0/worst/sqnr-db").asDouble());
    for (String table : List.of("statistics", "plan", "tensors", "weights")) {
      assertThat(spark.table("earlier." + table).where("run_id = 'run-v1'").count())
          .as(table)
          .isPositive();
    }
    assertThat(
            spark
                .sql(
                    """
                    SELECT earlier.fn.scale(struct(*), 'uint8') FROM earlier.statistics
                    WHERE tensor = 'x' AND channel IS NULL
                    """)
                .head()
                .getFloat(0))
        .isPositive();
  }

  /** What runs say since, which earlier ones did not. */
  private static final Set<String> ADDED =
      Set.of(
          "/configuration/target",
          "/configuration/strict",
          "/properties/selection/suited-recipe",
          "/properties/selection/target",
          "/properties/quantization/target",
          "/outputs[]/per-sample/cosine-mean-95",
          "/outputs[]/per-sample/cosine-mean-95/low",
          "/outputs[]/per-sample/cosine-mean-95/high",
          "/target",
          "/strict");

  /** Values depend on the machine in part; keys and their order do not. */
  @Test
  void newRunSaysTheSameThings() throws IOException {
    Path now = shared.resolve("now");
    tare(command(model, shared, now)).ends(0);
    for (String document : List.of("manifest.json", "quality.json", "configuration.json")) {
      List<String> keys = keys(json(now.resolve(document)));
      keys.removeAll(ADDED);
      assertThat(keys).as(document).isEqualTo(keys(json(run.resolve(document))));
    }
    for (String fact : List.of("selection", "quantization", "data")) {
      String pointer = "/properties/" + fact;
      JsonNode said = json(now.resolve("manifest.json")).at(pointer);
      JsonNode before = json(run.resolve("manifest.json")).at(pointer);
      for (Map.Entry<String, JsonNode> entry : before.properties()) {
        if (!entry.getKey().equals("content-sha256")) {
          assertThat(said.path(entry.getKey())).as(entry.getKey()).isEqualTo(entry.getValue());
        }
      }
    }
  }

  /** The keys of a document at every depth in their order; what an array holds counts once. */
  private static List<String> keys(JsonNode document) {
    List<String> keys = new ArrayList<>();
    keys(document, "", keys);
    return keys;
  }

  private static void keys(JsonNode node, String path, List<String> keys) {
    if (node.isArray()) {
      if (!node.isEmpty()) {
        keys(node.get(0), path + "[]", keys);
      }
    } else {
      for (Map.Entry<String, JsonNode> entry : node.properties()) {
        keys.add(path + "/" + entry.getKey());
        keys(entry.getValue(), path + "/" + entry.getKey(), keys);
      }
    }
  }
}
