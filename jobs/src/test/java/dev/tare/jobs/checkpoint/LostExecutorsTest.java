package dev.tare.jobs.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tare.engine.safetensors.ElementType;
import dev.tare.engine.safetensors.TensorSpec;
import dev.tare.engine.tensor.Shape;
import dev.tare.jobs.cluster.LocalCluster;
import dev.tare.jobs.console.Console;
import dev.tare.jobs.input.LocalSpark;
import dev.tare.jobs.run.OutputOptions;
import dev.tare.jobs.run.RunLoop;
import dev.tare.jobs.storage.Atomicity;
import dev.tare.jobs.storage.FinishedRun;
import dev.tare.jobs.storage.IfFinished;
import dev.tare.jobs.storage.RunFolder;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Executors that are killed half-way do not change a byte of the result. */
@Tag("slow")
class LostExecutorsTest {

  private static final int WEIGHTS = 24;
  private static final long MOST_BYTES = 600_000;

  @TempDir Path folder;

  @Test
  void bothExecutorsAreKilledAfterTheirFirstFiles()
      throws IOException, InterruptedException, ExecutionException {
    Path source = checkpoint();
    run(LocalSpark.spark(), source, "undisturbed");
    LocalSpark.stop();
    Path home = Path.of(System.getProperty("tare.spark.home"));
    try (LocalCluster cluster = LocalCluster.start(home, folder.resolve("cluster"), 2);
        SparkSession spark = onCluster(cluster)) {
      CompletableFuture<Void> run =
          CompletableFuture.runAsync(() -> run(spark, source, "disturbed"));
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
    }
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

  private Path checkpoint() {
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

  private SparkSession onCluster(LocalCluster cluster) {
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
        .config("spark.scheduler.minRegisteredResourcesRatio", "1.0")
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

  private void run(SparkSession spark, Path source, String name) {
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
