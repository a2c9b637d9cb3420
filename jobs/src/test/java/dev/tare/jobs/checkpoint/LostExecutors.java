package dev.tare.jobs.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tare.engine.safetensors.ElementType;
import dev.tare.engine.safetensors.TensorSpec;
import dev.tare.engine.tensor.Shape;
import dev.tare.jobs.cluster.LocalCluster;
import dev.tare.jobs.console.Console;
import dev.tare.jobs.run.OutputOptions;
import dev.tare.jobs.run.RunLoop;
import dev.tare.jobs.storage.Atomicity;
import dev.tare.jobs.storage.IfFinished;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.spark.sql.SparkSession;

/** Quantizes a checkpoint on a cluster, and kills its executors while it does. */
final class LostExecutors {

  static final int WEIGHTS = 24;

  private static final long MOST_BYTES = 600_000;

  private LostExecutors() {}

  /** Writes a checkpoint that becomes several files. */
  static Path checkpoint(Path folder) {
    return SmallCheckpoint.write(
        folder,
        IntStream.range(0, WEIGHTS)
            .mapToObj(
                i ->
                    new TensorSpec(
                        "model.layers.%d.up_proj.weight".formatted(i),
                        ElementType.BF16,
                        Shape.of(1024, 1024)))
            .toList());
  }

  /** A session with two executors, which both have to be there. */
  static SparkSession session(
      SparkSession.Builder builder, LocalCluster cluster, String executorClassPath) {
    return builder
        .master(cluster.master())
        .config("spark.ui.enabled", "false")
        .config("spark.driver.host", "127.0.0.1")
        .config("spark.serializer", "org.apache.spark.serializer.KryoSerializer")
        .config("spark.executor.extraClassPath", executorClassPath)
        .config(
            "spark.executor.extraJavaOptions", "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC -Xmn100m")
        .config("spark.executor.memory", "600m")
        .config("spark.executor.cores", "1")
        .config("spark.cores.max", "2")
        .config("spark.scheduler.minRegisteredResourcesRatio", "1.0")
        .config("spark.scheduler.maxRegisteredResourcesWaitingTime", "300s")
        .getOrCreate();
  }

  /** Quantizes a checkpoint. */
  static void quantize(SparkSession spark, String source, String output) {
    PrintStream nowhere = new PrintStream(new ByteArrayOutputStream(), true);
    try {
      new RunLoop(new Console(nowhere, nowhere))
          .produce(
              spark,
              new OutputOptions(output, Optional.empty(), IfFinished.FAIL, Atomicity.REQUIRED),
              new CheckpointStage(new CheckpointOptions(source, "w4a16-g128-mse"), MOST_BYTES));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * Quantizes a checkpoint, and kills one executor after two files and the other after eight.
   *
   * @param files where the files of the result are seen
   */
  static void quantizeAndKillBoth(SparkSession spark, String source, String output, Path files)
      throws InterruptedException, ExecutionException {
    ClassLoader loader = Thread.currentThread().getContextClassLoader();
    CompletableFuture<Void> run =
        CompletableFuture.runAsync(
            () -> {
              Thread.currentThread().setContextClassLoader(loader);
              quantize(spark, source, output);
            });
    Set<Long> killed = new HashSet<>();
    for (int finished = 2; finished <= 8 && !run.isDone(); finished += 6) {
      while (finished(files) < finished && !run.isDone()) {
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

  /** What the workers, which this process started, have started. */
  private static Stream<ProcessHandle> executors() {
    return ProcessHandle.current().children().flatMap(ProcessHandle::children);
  }

  private static long finished(Path run) {
    try (Stream<Path> files = Files.walk(run)) {
      return files.filter(file -> file.toString().endsWith(".finished.json")).count();
    } catch (IOException | UncheckedIOException e) {
      // A folder or a file that has just gone.
      return 0;
    }
  }
}
