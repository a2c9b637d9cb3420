package dev.tare.jobs.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.tare.jobs.cluster.LocalCluster;
import dev.tare.jobs.input.LocalSpark;
import dev.tare.jobs.run.CommandLine;
import dev.tare.jobs.storage.FinishedRun;
import dev.tare.jobs.storage.RunFolder;
import dev.tare.testkit.SmallModels;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.io.TempDir;

/**
 * On Master and two Workers: executors that are killed half-way do not change a byte of a
 * checkpoint whose errors an importance file weighs, and weights rounded by GPTQ behind smoothed
 * inputs are those of one process.
 */
@Tag("slow")
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class LostExecutorsTest {

  @TempDir static Path folder;

  private static Path source;
  private static LocalCluster cluster;
  private static SparkSession spark;

  /** First what one process makes, then the cluster. */
  @BeforeAll
  static void start() throws IOException, InterruptedException {
    source = LostExecutors.checkpoint(folder.resolve("model"));
    LostExecutors.quantize(
        LocalSpark.spark(), source, source.toString(), folder.resolve("undisturbed").toString());
    CommandLine.write(folder.resolve("rows"), "x array<float>", CommandLine.gaussian(60, 6, 5));
    SmallModels.exportedMlp().write(folder.resolve("mlp.onnx"));
    rounded("alone", "--partitions", "2");
    LocalSpark.stop();
    Path home = Path.of(System.getProperty("tare.spark.home"));
    cluster = LocalCluster.start(home, folder.resolve("cluster"), 2);
    spark =
        LostExecutors.session(
            SparkSession.builder(), cluster, System.getProperty("java.class.path"));
  }

  @AfterAll
  static void stop() {
    LocalSpark.stop();
    if (cluster != null) {
      cluster.close();
    }
  }

  private static void rounded(String name, String... more) {
    List<String> words = new ArrayList<>(List.of("run", "--recipe", "int8-transformer-gptq"));
    String rows = folder.resolve("rows").toString();
    words.addAll(List.of("--data", rows, "--eval-data", rows));
    words.addAll(List.of("--model", folder.resolve("mlp.onnx").toString()));
    words.addAll(List.of("--output", folder.resolve(name).toString()));
    words.addAll(List.of(more));
    CommandLine.tare(words.toArray(String[]::new)).ends(0);
  }

  /** First, since it asks that both take part. */
  @Order(1)
  @Test
  void weightsByGptqAreThoseOfOneProcess() throws IOException {
    rounded("on-workers", "--partitions", "7", "--batch-size", "1");
    JsonNode alone = CommandLine.json(folder.resolve("alone/manifest.json"));
    JsonNode manifest = CommandLine.json(folder.resolve("on-workers/manifest.json"));
    assertThat(manifest.at("/properties/calibration/executors")).hasSize(2);
    for (String identity : List.of("content-sha256", "gram-sha256")) {
      String fact = "/properties/calibration/" + identity;
      assertThat(manifest.at(fact).asText()).hasSize(64).isEqualTo(alone.at(fact).asText());
    }
    JsonNode plan = CommandLine.json(folder.resolve("on-workers/plan.json"));
    assertThat(plan.at("/gptq/weights")).hasSize(2);
    assertThat(plan.path("smoothed")).hasSize(2);
    for (String file : List.of("plan.json", "model.onnx")) {
      assertThat(Files.readAllBytes(folder.resolve("on-workers").resolve(file)))
          .as(file)
          .isEqualTo(Files.readAllBytes(folder.resolve("alone").resolve(file)));
    }
  }

  @Order(2)
  @Test
  void bothExecutorsAreKilledAfterTheirFirstFiles()
      throws IOException, InterruptedException, ExecutionException {
    Path output = folder.resolve("disturbed");
    LostExecutors.quantizeAndKillBoth(spark, source, source.toString(), output.toString(), output);
    FinishedRun disturbed = open("disturbed");
    assertThat(disturbed.manifest().inputs()).anyMatch(input -> input.name().equals("importance"));
    disturbed.verifyAll();
    assertThat(disturbed.manifest().files())
        .hasSizeGreaterThan(LostExecutors.WEIGHTS)
        .isEqualTo(open("undisturbed").manifest().files());
    try (Stream<Path> left = Files.list(folder.resolve("disturbed/model"))) {
      assertThat(left.map(file -> file.getFileName().toString()))
          .noneMatch(name -> name.contains("unfinished") || name.contains("finished.json"));
    }
  }

  private FinishedRun open(String name) throws IOException {
    return RunFolder.open(folder.resolve(name).toString(), new Configuration());
  }
}
