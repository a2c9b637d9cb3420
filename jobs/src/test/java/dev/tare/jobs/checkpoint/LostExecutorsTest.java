package dev.tare.jobs.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.tare.engine.safetensors.ElementType;
import dev.tare.engine.safetensors.TensorSpec;
import dev.tare.engine.tensor.Shape;
import dev.tare.jobs.cluster.LocalCluster;
import dev.tare.jobs.console.Console;
import dev.tare.jobs.input.LocalSpark;
import dev.tare.jobs.run.CommandLine;
import dev.tare.jobs.run.OutputOptions;
import dev.tare.jobs.run.RunLoop;
import dev.tare.jobs.storage.Atomicity;
import dev.tare.jobs.storage.FinishedRun;
import dev.tare.jobs.storage.IfFinished;
import dev.tare.jobs.storage.RunFolder;
import dev.tare.testkit.SmallModels;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.stream.IntStream;
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
 * checkpoint, and weights rounded by GPTQ behind smoothed inputs are those of one process.
 */
@Tag("slow")
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class LostExecutorsTest {

  private static final int WEIGHTS = 24;
  private static final long MOST_BYTES = 600_000;

  @TempDir static Path folder;

  private static Path source;
  private static LocalCluster cluster;
  private static SparkSession spark;

  /** First what one process makes, then the cluster. */
  @BeforeAll
  static void start() throws IOException, InterruptedException {
    source = checkpoint();
    run(LocalSpark.spark(), source, "undisturbed");
    CommandLine.write(folder.resolve("rows"), "x array<float>", CommandLine.gaussian(60, 6, 5));
    SmallModels.exportedMlp().write(folder.resolve("mlp.onnx"));
    rounded("alone", "--partitions", "2");
    LocalSpark.stop();
    Path home = Path.of(System.getProperty("tare.spark.home"));
    cluster = LocalCluster.start(home, folder.resolve("cluster"), 2);
    spark = onCluster();
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
    CompletableFuture<Void> run = CompletableFuture.runAsync(() -> run(spark, source, "disturbed"));
    Set<Long> killed = new HashSet<>();
    for (int finished = 2; finished <= 8 && !run.isDone(); finished += 6) {
      while (finished(folder.resolve("disturbed")) < finished && !run.isDone()) {
        Thread.sleep(5);
      }
      executors()
          .filter(executor -> !killed.contains(executor.pid()))
          .findFirst()
          .ifPresent(
              executor -> {
                executor.destroyForcibly();
                killed.add(executor.pid());
              });
    }
    run.get();
    assertThat(killed).hasSize(2);
    FinishedRun disturbed = open("disturbed");
    disturbed.verifyAll();
    assertThat(disturbed.manifest().files())
        .hasSizeGreaterThan(WEIGHTS)
        .isEqualTo(open("undisturbed").manifest().files());
    try (Stream<Path> left = Files.list(folder.resolve("disturbed/model"))) {
      assertThat(left.map(file -> file.getFileName().toString()))
          .noneMatch(name -> name.contains("unfinished") || name.contains("finished.json"));
    }
  }

  private static Path checkpoint() {
    return SmallCheckpoint.write(
        folder.resolve("model"),
        IntStream.range(0, WEIGHTS)
            .mapToObj(
                i ->
                    new TensorSpec(
                        "model.layers.%d.up_proj.weight".formatted(i),
                        ElementType.BF16,
                        Shape.of(1024, 1024)))
            .toList());
  }

  private static SparkSession onCluster() {
    return SparkSession.builder()
        .master(cluster.master())
        .config("spark.ui.enabled", "false")
        .config("spark.driver.host", "127.0.0.1")
        .config("spark.serializer", "org.apache.spark.serializer.KryoSerializer")
        .config("spark.executor.extraClassPath", System.getProperty("java.class.path"))
        .config(
            "spark.executor.extraJavaOptions", "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC -Xmn100m")
        .config("spark.executor.memory", "600m")
        .config("spark.executor.cores", "1")
        .config("spark.cores.max", "2")
        .config("spark.scheduler.minRegisteredResourcesRatio", "1.0")
        .config("spark.scheduler.maxRegisteredResourcesWaitingTime", "300s")
        .getOrCreate();
  }

  /** What the workers, which this process started, have started. */
  private static Stream<ProcessHandle> executors() {
    return ProcessHandle.current().children().flatMap(ProcessHandle::children);
  }

  private static long finished(Path run) {
    try (Stream<Path> files = Files.walk(run)) {
      return files.filter(file -> file.toString().endsWith(".finished.json")).count();
    } catch (IOException | java.io.UncheckedIOException e) {
      // A folder or a file that has just gone.
      return 0;
    }
  }

  private static void run(SparkSession spark, Path source, String name) {
    PrintStream nowhere = new PrintStream(new ByteArrayOutputStream(), true);
    try {
      new RunLoop(new Console(nowhere, nowhere))
          .produce(
              spark,
              new OutputOptions(
                  folder.resolve(name).toString(),
                  Optional.empty(),
                  IfFinished.FAIL,
                  Atomicity.REQUIRED),
              new CheckpointStage(
                  new CheckpointOptions(source.toString(), "w4a16-g128-mse"), MOST_BYTES));
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  private FinishedRun open(String name) throws IOException {
    return RunFolder.open(folder.resolve(name).toString(), new Configuration());
  }
}
