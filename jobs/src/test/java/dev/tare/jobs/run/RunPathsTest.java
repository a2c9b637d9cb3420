package dev.tare.jobs.run;

import static dev.tare.jobs.run.CommandLine.contentSha256;
import static dev.tare.jobs.run.CommandLine.gaussian;
import static dev.tare.jobs.run.CommandLine.json;
import static dev.tare.jobs.run.CommandLine.planned;
import static dev.tare.jobs.run.CommandLine.tare;
import static dev.tare.jobs.run.CommandLine.tareAlone;
import static dev.tare.jobs.run.CommandLine.write;
import static org.assertj.core.api.Assertions.assertThat;

import dev.tare.jobs.sql.TareCatalog;
import dev.tare.testkit.SmallModels;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Runs in folders whose names mean something to Spark, to Hadoop or to URIs. */
@Tag("slow")
class RunPathsTest {

  private static final String ODD = "a [1]{b,c}*?\\%20#x:y&é日k=v'\"";

  @TempDir static Path folder;

  private static String model;
  private static String data;
  private static Path small;
  private static Path large;

  @BeforeAll
  static void runs() throws IOException {
    model = SmallModels.exportedMlp().write(folder.resolve("model.onnx"));
    data = write(folder.resolve("data"), "x array<float>", gaussian(40, 6, 1));
    small = calibrate(model, data, folder.resolve("small"));
    Row[] rows = new Row[20];
    for (int i = 0; i < rows.length; i++) {
      rows[i] = RowFactory.create(List.of(1000f * i, -1f, 2f, 3f, 4f, 5f));
    }
    large =
        calibrate(
            model,
            write(folder.resolve("large-data"), "x array<float>", rows),
            folder.resolve("large"));
  }

  private static Path calibrate(String model, String data, Path run) {
    tare("calibrate", "--model", model, "--data", data, "--output", run.toString()).ends(0);
    return run;
  }

  private static void copy(Path run, Path to) throws IOException {
    try (var all = Files.walk(run)) {
      for (Path file : (Iterable<Path>) all::iterator) {
        Path target = to.resolve(run.relativize(file).toString());
        Files.createDirectories(target.getParent());
        Files.copy(file, target);
      }
    }
  }

  @Test
  void theStatisticsOfThisFolderAreReadNotThoseOfAnotherThatThePatternMatches() throws IOException {
    copy(small, folder.resolve("day[1]"));
    copy(large, folder.resolve("day1"));
    Path plan = folder.resolve("plan");
    String own = folder.resolve("day[1]").toString();
    tare("select", "--model", model, "--statistics", own, "--output", plan.toString()).ends(0);
    assertThat(planned(plan, "x").path("high").get(0).floatValue()).isBetween(1f, 10f);
    tare("merge", own, "--output", folder.resolve("merged").toString()).ends(0);
    assertThat(contentSha256(folder.resolve("merged"))).isEqualTo(contentSha256(small));
    tare("drift", "--baseline", own, "--current", small.toString()).ends(0);
    tare("drift", "--baseline", own, "--current", folder.resolve("day1").toString()).ends(4);
  }

  @Test
  void everyCommandWritesAndReadsRunsInAFolderOfAnyName() throws IOException {
    Path root = Files.createDirectory(folder.resolve(ODD));
    String mine = SmallModels.exportedMlp().write(root.resolve("model.onnx"));
    Path plain = Files.createDirectory(folder.resolve("plain"));
    stages(plain, model);
    stages(root, mine);

    for (String run : List.of("all", "quantized", "floats")) {
      assertThat(root.resolve(run).resolve("model.onnx"))
          .as(run)
          .hasSameBinaryContentAs(plain.resolve(run).resolve("model.onnx"));
    }
    assertThat(contentSha256(root.resolve("merged"))).isEqualTo(contentSha256(small));
    assertThat(Files.readString(root.resolve("page.html")))
        .contains("Distribution")
        .doesNotContain("names file:", "does not exist", "There are no ");

    String name = root.resolve("current").toString();
    tareAlone("publish", root.resolve("all").toString(), "--as", name).ends(0);
    assertThat(tareAlone("inspect", name).ends(0).out())
        .contains(contentSha256(root.resolve("all")));
    assertThat(tareAlone("verify", name).ends(0).out()).contains(ODD + "/all is whole");
    Files.delete(root.resolve("floats/manifest.json"));
    try (var files = Files.walk(root.resolve("floats"))) {
      for (Path file : (Iterable<Path>) files::iterator) {
        Files.setLastModifiedTime(file, FileTime.from(Instant.now().minus(Duration.ofDays(2))));
      }
    }
    assertThat(tareAlone("runs", root.toString()).ends(0).out())
        .containsPattern("all +finished .* current\n")
        .containsPattern("floats +finished ");
    tareAlone("gc", root.toString(), "--older-than", "1d").ends(0);
    assertThat(root.resolve("floats")).doesNotExist();
    assertThat(root.resolve("all/manifest.json")).exists();
  }

  private static void stages(Path root, String model) {
    String all = root.resolve("all").toString();
    tare("run", "--model", model, "--data", data, "--output", all, "--min-cosine=-1").ends(0);
    String statistics = calibrate(model, data, root.resolve("statistics")).toString();
    String plan = root.resolve("plan").toString();
    tare("select", "--model", model, "--statistics", statistics, "--output", plan).ends(0);
    String quantized = root.resolve("quantized").toString();
    tare("quantize", "--model", model, "--plan", plan, "--output", quantized).ends(0);
    String floats = root.resolve("floats").toString();
    tare("dequantize", quantized, "--output", floats).ends(0);
    String evaluated = root.resolve("evaluated").toString();
    tare(
            "evaluate",
            "--model",
            model,
            "--quantized",
            quantized,
            "--data",
            data,
            "--sensitivity=8",
            "--output",
            evaluated)
        .ends(0);
    tare("merge", statistics, "--output", root.resolve("merged").toString()).ends(0);
    tare("drift", "--baseline", evaluated, "--current", all).ends(0);
    tare("report", evaluated, "--out", root.resolve("page.html").toString()).ends(0);
  }

  @Test
  void tablesForSqlAreThoseOfTheRunsBelowARootOfAnyName() throws IOException {
    Path root = folder.resolve("sql " + ODD);
    copy(small, root.resolve("day"));
    copy(large, folder.resolve("sql a1b"));
    SparkSession spark = CommandLine.spark();
    spark.conf().set("spark.sql.catalog.odd", TareCatalog.class.getName());
    spark.conf().set("spark.sql.catalog.odd.root", root.toString().replace(",", "\\,"));
    assertThat(
            spark
                .sql("SELECT max FROM odd.statistics WHERE tensor = 'x' AND channel IS NULL")
                .collectAsList())
        .singleElement()
        .satisfies(row -> assertThat(row.getFloat(0)).isLessThan(10));
    String location =
        spark.sql("SELECT location FROM odd.runs").collectAsList().get(0).getString(0);
    assertThat(tareAlone("verify", location).ends(0).out()).contains("/day is whole");
    assertThat(json(root.resolve("day/manifest.json")).path("run-id").asText()).isEqualTo("small");
  }
}
