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
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.spark.sql.SparkSession;

/** Quantizes a checkpoint on a cluster, and kills its executors while it does. */
final class LostExecutors {

  static final int WEIGHTS = 24;

  private static final int COLUMNS = 1024;

  private static final long MOST_BYTES = 600_000;

  private LostExecutors() {}

  /** Writes a checkpoint that becomes several files, and beside it the importance of its inputs. */
  static Path checkpoint(Path folder) throws IOException {
    float[] squares = new float[COLUMNS];
    for (int i = 0; i < COLUMNS; i++) {
      squares[i] = i % 16 == 0 ? 400 : 1;
    }
    TreeMap<String, float[]> sums = new TreeMap<>();
    IntStream.range(0, WEIGHTS)
        .forEach(i -> sums.put("blk.%d.ffn_up.weight".formatted(i), squares));
    ImportanceFile.write(importance(folder), sums);
    return SmallCheckpoint.write(
        folder,
        IntStream.range(0, WEIGHTS)
            .mapToObj(
                i ->
                    new TensorSpec(
                        "model.layers.%d.mlp.up_proj.weight".formatted(i),
                        ElementType.BF16,
                        Shape.of(COLUMNS, COLUMNS)))
            .toList());
  }

  private static Path importance(Path checkpoint) {
    return checkpoint.resolveSibling("imatrix.gguf");
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

  /**
   * Quantizes a checkpoint by the importance of its inputs, which the driver reads and each task
   * gets by Spark's broadcast.
   *
   * @param local the folder that it was written to
   * @param source where it is now
   */
  static void quantize(SparkSession spark, Path local, String source, String output) {
    PrintStream nowhere = new PrintStream(new ByteArrayOutputStream(), true);
    try {
      new RunLoop(new Console(nowhere, nowhere))
          .produce(
              spark,
              new OutputOptions(output, Optional.empty(), IfFinished.FAIL, Atomicity.REQUIRED),
              new CheckpointStage(
                  new CheckpointOptions(
                      source, "w4a16-g128-mse", List.of(importance(local).toString())),
                  MOST_BYTES));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * Quantizes a checkpoint, and kills one executor after two files and the other after eight.
   *
   * @param files where the files of the result are seen
   */
  static void quantizeAndKillBoth(
      SparkSession spark, Path local, String source, String output, Path files)
      throws InterruptedException, ExecutionException {
    ClassLoader loader = Thread.currentThread().getContextClassLoader();
    CompletableFuture<Void> run =
        CompletableFuture.runAsync(
            () -> {
              Thread.currentThread().setContextClassLoader(loader);
              quantize(spark, local, source, output);
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
