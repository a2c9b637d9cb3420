package dev.tare.jobs.run;

import static dev.tare.jobs.run.CommandLine.gaussian;
import static dev.tare.jobs.run.CommandLine.tare;
import static dev.tare.jobs.run.CommandLine.tareAlone;
import static dev.tare.jobs.run.CommandLine.write;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.tare.jobs.artifact.Stability;
import dev.tare.jobs.sql.TareCatalog;
import dev.tare.testkit.SmallModels;
import java.io.IOException;
import java.math.BigDecimal;
import java.math.MathContext;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Exact moments, and folds of the samples, from the command line to SQL. */
@Tag("slow")
class MomentsRunTest {

  private static final String ALL = "histogram,moments,folds";

  @TempDir static Path folder;

  private static String model;
  private static Row[] rows;

  @BeforeAll
  static void data() throws IOException {
    model = SmallModels.exportedMlp().write(folder.resolve("model.onnx"));
    rows = gaussian(41, 6, 1);
    write(folder.resolve("all"), "x array<float>", rows);
    write(folder.resolve("some"), "x array<float>", Arrays.copyOf(rows, 17));
    write(folder.resolve("rest"), "x array<float>", Arrays.copyOfRange(rows, 17, 41));
    calibrate("all", "whole", "--collect", ALL, "--partitions=3");
    calibrate("all", "alone");
    calibrate("some", "first", "--collect", ALL);
    calibrate("rest", "second", "--collect", ALL, "--batch-size=1");
    calibrate("rest", "without");
  }

  private static CommandLine.Result calibrate(String data, String output, String... options) {
    List<String> words =
        new ArrayList<>(
            List.of(
                "calibrate",
                "--model",
                model,
                "--data",
                folder.resolve(data).toString(),
                "--output",
                folder.resolve(output).toString()));
    words.addAll(List.of(options));
    return tare(words.toArray(String[]::new)).ends(0);
  }

  private static JsonNode facts(String run) throws IOException {
    JsonNode manifest =
        new ObjectMapper().readTree(folder.resolve(run).resolve("manifest.json").toFile());
    return manifest.path("properties").path("calibration");
  }

  private static SparkSession sql(String run) {
    SparkSession spark = CommandLine.spark();
    spark.conf().set("spark.sql.catalog.sums", TareCatalog.class.getName());
    spark.conf().set("spark.sql.catalog.sums.root", folder.resolve(run).toString());
    return spark;
  }

  @Test
  void meansAreThoseOfTheData() {
    List<Row> means =
        sql("whole")
            .sql(
                "SELECT channel, mean, sums.fn.mean(struct(*)) AS exact, count FROM sums.moments"
                    + " WHERE tensor = 'x' ORDER BY channel NULLS FIRST")
            .collectAsList();
    assertThat(means).hasSize(7);
    for (Row row : means) {
      BigDecimal sum = BigDecimal.ZERO;
      long count = 0;
      for (Row sample : rows) {
        List<Float> values = sample.getAs(0);
        for (int c = 0; c < 6; c++) {
          if (row.isNullAt(0) || row.getInt(0) == c) {
            sum = sum.add(new BigDecimal(values.get(c)));
            count++;
          }
        }
      }
      double expected = sum.divide(new BigDecimal(count), MathContext.DECIMAL128).doubleValue();
      assertThat(row.getLong(3)).isEqualTo(count);
      assertThat(row.getDouble(1)).isEqualTo(expected);
      assertThat(row.getDouble(2)).isEqualTo(expected);
    }
  }

  @Test
  void histogramsStayAsTheyAreWithoutMoments() throws IOException {
    assertThat(facts("whole").path("content-sha256"))
        .isEqualTo(facts("alone").path("content-sha256"));
    for (String kind : List.of("moments", "folds")) {
      assertThat(facts("alone").has(kind + "-sha256")).isFalse();
      assertThat(folder.resolve("alone").resolve(kind)).doesNotExist();
    }
    tareAlone("verify", folder.resolve("whole").toString()).ends(0);
    assertThat(tareAlone("inspect", "--verbose", folder.resolve("whole").toString()).out())
        .contains("moments-sha256", "folds-sha256");
  }

  @Test
  void momentsOfPartsAddUpToThoseOfTheWhole() throws IOException {
    String sum = folder.resolve("sum").toString();
    merge("first", "second", sum).ends(0);
    assertThat(facts("sum").path("moments-sha256").asText())
        .isNotEmpty()
        .isEqualTo(facts("whole").path("moments-sha256").asText());
    assertThat(facts("sum").path("content-sha256"))
        .isEqualTo(facts("whole").path("content-sha256"));
    assertThat(facts("sum").path("folds-sha256").asText())
        .isNotEmpty()
        .isEqualTo(facts("whole").path("folds-sha256").asText());
  }

  /** A fold that saw no value has extremes that are null, which no aggregate counts. */
  @Test
  void foldsTogetherAreTheWhole() {
    Row differing =
        sql("whole")
            .sql(
                """
                SELECT count(*), count_if(f.count <> s.count OR f.min <> s.min OR f.max <> s.max)
                FROM (
                  SELECT tensor, channel, sum(fold.count) AS count, min(fold.min) AS min,
                         max(fold.max) AS max
                  FROM (SELECT tensor, channel, explode(folds) AS fold FROM sums.folds)
                  GROUP BY tensor, channel) f
                JOIN sums.statistics s
                  ON s.tensor = f.tensor AND s.channel <=> f.channel
                """)
            .head();
    assertThat(differing.getLong(0)).isGreaterThan(8);
    assertThat(differing.getLong(1)).isZero();
    assertThat(
            sql("whole")
                .sql("SELECT count(DISTINCT size(folds)), max(size(folds)) FROM sums.folds")
                .head())
        .isEqualTo(RowFactory.create(1L, 8));
  }

  /** From the folds of one run, and from those of two that were merged. */
  @Test
  void planSaysHowStableScalesAre() throws IOException {
    merge("first", "second", folder.resolve("added").toString()).ends(0);
    List<String> found = new ArrayList<>();
    for (String run : List.of("whole", "added")) {
      Path plan = folder.resolve("plan-" + run);
      CommandLine.Result selected =
          tare(
                  "select",
                  "--statistics",
                  folder.resolve(run).toString(),
                  "--model",
                  model,
                  "--recipe",
                  "int8",
                  "--output",
                  plan.toString())
              .ends(0);
      assertThat(selected.err() + selected.out())
          .contains("Twice as many samples would move the output SQNR by at most ");
      found.add(Files.readString(plan.resolve("stability.json")));
    }
    Stability stability = Stability.parse(found.get(0), "stability");
    assertThat(stability.parts()).isBetween(6, 8);
    assertThat(stability.samples()).isEqualTo(41);
    assertThat(stability.tensors()).hasSize(2);
    // Of so few samples, the worst half of the folds lacks most of the range.
    assertThat(stability.largest().db()).isBetween(1.0, 40.0);
    assertThat(found.get(1)).isEqualTo(found.get(0));
  }

  @Test
  void momentsOfSomeRunsAloneAreLeftOutOfASum() throws IOException {
    String sum = folder.resolve("part").toString();
    assertThat(merge("first", "without", sum).ends(0).err())
        .contains("Moments are left out: 1 of 2 runs have none");
    assertThat(facts("part").has("moments-sha256")).isFalse();
    assertThat(facts("part").path("content-sha256"))
        .isEqualTo(facts("whole").path("content-sha256"));
  }

  @Test
  void driftSaysHowFarMeansMoved() throws IOException {
    Path json = folder.resolve("drift.json");
    String[] drift = {
      "drift",
      "--baseline",
      folder.resolve("first").toString(),
      "--json",
      json.toString(),
      "--current",
      folder.resolve("second").toString()
    };
    assertThat(tare(drift).out()).containsPattern("means: '[^']+' channel \\d moved by 0\\.\\d\\d");
    Row means =
        sql("first")
            .sql("SELECT mean, variance FROM sums.moments WHERE tensor = 'x' AND channel = 0")
            .head();
    double now =
        sql("second")
            .sql("SELECT mean FROM sums.moments WHERE tensor = 'x' AND channel = 0")
            .head()
            .getDouble(0);
    double moved = Math.abs(now - means.getDouble(0)) / Math.sqrt(means.getDouble(1));
    JsonNode found = new ObjectMapper().readTree(json.toFile()).path("moments");
    assertThat(found).hasSize(2);
    for (JsonNode tensor : found) {
      assertThat(tensor.path("mean-moved").asDouble()).isPositive();
      if (tensor.path("tensor").asText().equals("x")) {
        assertThat(tensor.path("mean-moved").asDouble()).isGreaterThanOrEqualTo(moved);
      }
    }
    drift[6] = folder.resolve("without").toString();
    tare(drift);
    assertThat(new ObjectMapper().readTree(json.toFile()).has("moments")).isFalse();
  }

  private static CommandLine.Result merge(String first, String second, String output) {
    return tare(
        "merge",
        folder.resolve(first).toString(),
        folder.resolve(second).toString(),
        "--output",
        output);
  }

  /** They are of the model alone, so all runs and their sum have the same. */
  @Test
  void rangesOfWeightsAreBesideStatisticsAndTheirSum() throws IOException {
    merge("first", "second", folder.resolve("both").toString()).ends(0);
    String ranges = Files.readString(folder.resolve("whole/weight-ranges.json"));
    assertThat(new ObjectMapper().readTree(ranges).path("weights")).isNotEmpty();
    for (String run : List.of("alone", "first", "second", "both")) {
      assertThat(folder.resolve(run).resolve("weight-ranges.json")).hasContent(ranges);
    }
    assertThat(tare("verify", folder.resolve("both").toString()).ends(0).out()).isNotBlank();
  }

  @Test
  void wordsThatAreNoKindsAreRefused() {
    for (String[] wrong :
        new String[][] {
          {"moments", "'moments' lacks histogram"},
          {"histogram,pairs", "'pairs' is not one of histogram, moments, gram, folds"},
          {"", "''"},
        }) {
      assertThat(
              tare(
                      "calibrate",
                      "--model",
                      model,
                      "--data",
                      folder.resolve("all").toString(),
                      "--output",
                      folder.resolve("refused").toString(),
                      "--collect",
                      wrong[0])
                  .ends(2)
                  .err())
          .contains("--collect", wrong[1]);
    }
  }
}
