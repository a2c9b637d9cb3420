package dev.tare.jobs.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tare.engine.safetensors.ElementType;
import dev.tare.engine.safetensors.TensorSpec;
import dev.tare.engine.tensor.Shape;
import dev.tare.jobs.SparkJobs;
import dev.tare.jobs.artifact.FileEntry;
import dev.tare.jobs.artifact.Part;
import dev.tare.jobs.cluster.LocalCluster;
import dev.tare.jobs.console.Console;
import dev.tare.jobs.input.LocalSpark;
import dev.tare.jobs.run.OutputOptions;
import dev.tare.jobs.run.RunLoop;
import dev.tare.jobs.storage.Atomicity;
import dev.tare.jobs.storage.FinishedRun;
import dev.tare.jobs.storage.IfFinished;
import dev.tare.jobs.storage.RunFolder;
import dev.tare.jobs.stores.S3Server;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The same as {@link LostExecutorsTest} where checkpoint and result are on S3. */
@Tag("extended")
class LostExecutorsOnS3Test {

  private static final int WEIGHTS = 24;
  private static final long MOST_BYTES = 600_000;

  @TempDir Path folder;

  @Test
  void bothExecutorsAreKilledAfterTheirFirstFiles() throws Exception {
    Path source = checkpoint();
    run(LocalSpark.spark(), source.toString(), folder.resolve("undisturbed").toString());
    LocalSpark.stop();
    Path home = Path.of(System.getProperty("tare.spark.home"));
    ClassLoader before = Thread.currentThread().getContextClassLoader();
    Path store = Files.createDirectories(folder.resolve("s3"));
    try (S3Server server = S3Server.start(store);
        LocalCluster cluster = LocalCluster.start(home, folder.resolve("cluster"), 2)) {
      Thread.currentThread().setContextClassLoader(S3Server.client());
      try (SparkSession spark = onCluster(cluster, server)) {
        String there = S3Server.uri() + "/model";
        FileSystem objects =
            new org.apache.hadoop.fs.Path(there).getFileSystem(SparkJobs.hadoop(spark));
        try (Stream<Path> files = Files.list(source)) {
          for (Path file : files.toList()) {
            objects.copyFromLocalFile(
                new org.apache.hadoop.fs.Path(file.toUri()),
                new org.apache.hadoop.fs.Path(there, file.getFileName().toString()));
          }
        }
        String result = S3Server.uri() + "/disturbed";
        killBoth(spark, there, result, store.resolve("data/bucket/disturbed"));
        assertSame(result, SparkJobs.hadoop(spark));
      }
    } finally {
      FileSystem.closeAll();
      Thread.currentThread().setContextClassLoader(before);
    }
  }

  /**
   * Quantizes a checkpoint, and kills both executors while it does.
   *
   * @param files where the files of the result are seen
   */
  private void killBoth(SparkSession spark, String source, String output, Path files)
      throws Exception {
    ClassLoader loader = Thread.currentThread().getContextClassLoader();
    CompletableFuture<Void> run =
        CompletableFuture.runAsync(
            () -> {
              Thread.currentThread().setContextClassLoader(loader);
              run(spark, source, output);
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

  private void assertSame(String location, Configuration hadoop) throws IOException {
    FinishedRun disturbed = RunFolder.open(location, hadoop);
    disturbed.verifyAll();
    // The configuration says where the checkpoint was.
    assertThat(model(disturbed))
        .hasSizeGreaterThan(WEIGHTS)
        .isEqualTo(
            model(RunFolder.open(folder.resolve("undisturbed").toString(), new Configuration())));
    var model =
        new org.apache.hadoop.fs.Path(disturbed.path(Part.MODEL).getParent(), Part.MODEL_STEM);
    assertThat(model.getFileSystem(hadoop).listStatus(model))
        .extracting(file -> file.getPath().getName())
        .noneMatch(name -> name.contains("unfinished") || name.contains("finished.json"));
  }

  private static List<FileEntry> model(FinishedRun run) {
    return run.manifest().files().stream()
        .filter(file -> file.path().startsWith(Part.MODEL_STEM + "/"))
        .toList();
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

  private static SparkSession onCluster(LocalCluster cluster, S3Server server) {
    SparkSession.Builder builder = SparkSession.builder();
    server.settings().forEach((key, value) -> builder.config("spark.hadoop." + key, value));
    return builder
        .master(cluster.master())
        .config("spark.ui.enabled", "false")
        .config("spark.driver.host", "127.0.0.1")
        .config("spark.serializer", "org.apache.spark.serializer.KryoSerializer")
        .config(
            "spark.executor.extraClassPath",
            System.getProperty("java.class.path") + ":" + System.getProperty("tare.s3a") + "/*")
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

  private static void run(SparkSession spark, String source, String output) {
    PrintStream nowhere = new PrintStream(new ByteArrayOutputStream(), true);
    try {
      new RunLoop(new Console(nowhere, nowhere))
          .produce(
              spark,
              new OutputOptions(output, Optional.empty(), IfFinished.FAIL, Atomicity.REQUIRED),
              new CheckpointStage(new CheckpointOptions(source, "w4a16-g128-mse"), MOST_BYTES));
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }
}
