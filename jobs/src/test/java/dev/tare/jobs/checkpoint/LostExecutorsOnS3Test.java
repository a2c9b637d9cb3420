package dev.tare.jobs.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tare.jobs.SparkJobs;
import dev.tare.jobs.artifact.FileEntry;
import dev.tare.jobs.artifact.Part;
import dev.tare.jobs.cluster.LocalCluster;
import dev.tare.jobs.input.LocalSpark;
import dev.tare.jobs.storage.FinishedRun;
import dev.tare.jobs.storage.RunFolder;
import dev.tare.jobs.stores.S3Server;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
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

  @TempDir Path folder;

  @Test
  void bothExecutorsAreKilledAfterTheirFirstFiles() throws Exception {
    Path source = LostExecutors.checkpoint(folder.resolve("model"));
    LostExecutors.quantize(
        LocalSpark.spark(), source, source.toString(), folder.resolve("undisturbed").toString());
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
        LostExecutors.quantizeAndKillBoth(
            spark, source, there, result, store.resolve("data/bucket/disturbed"));
        assertSame(result, SparkJobs.hadoop(spark));
      }
    } finally {
      FileSystem.closeAll();
      Thread.currentThread().setContextClassLoader(before);
    }
  }

  private void assertSame(String location, Configuration hadoop) throws IOException {
    FinishedRun disturbed = RunFolder.open(location, hadoop);
    disturbed.verifyAll();
    // The configuration says where the checkpoint was.
    assertThat(model(disturbed))
        .hasSizeGreaterThan(LostExecutors.WEIGHTS)
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

  private static SparkSession onCluster(LocalCluster cluster, S3Server server) {
    SparkSession.Builder builder = SparkSession.builder();
    server.settings().forEach((key, value) -> builder.config("spark.hadoop." + key, value));
    return LostExecutors.session(
        builder,
        cluster,
        System.getProperty("java.class.path") + ":" + System.getProperty("tare.s3a") + "/*");
  }
}
