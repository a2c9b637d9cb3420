package dev.tare.jobs.run;

import static dev.tare.jobs.run.CommandLine.tare;
import static dev.tare.jobs.run.CommandLine.tareAlone;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.tare.jobs.artifact.FileEntry;
import dev.tare.jobs.artifact.Part;
import dev.tare.jobs.checkpoint.SmallCheckpoint;
import dev.tare.jobs.faults.LossyProxy;
import dev.tare.jobs.input.LocalSpark;
import dev.tare.jobs.storage.Atomicity;
import dev.tare.jobs.storage.FinishedRun;
import dev.tare.jobs.storage.HadoopSettings;
import dev.tare.jobs.storage.RunFolder;
import dev.tare.jobs.storage.RunName;
import dev.tare.jobs.stores.S3Server;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.MultipartUploader;
import org.apache.hadoop.fs.PartHandle;
import org.apache.hadoop.fs.UploadHandle;
import org.apache.hadoop.util.functional.FutureIO;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * An S3 store, through the jars and the settings that users get. They belong to this test alone, so
 * it starts a Spark of its own with them.
 */
@Tag("slow")
class S3aStoreTest extends StoreContract {
  private static final String PROTOCOL = "spark.sql.sources.commitProtocolClass";

  private final ClassLoader before = Thread.currentThread().getContextClassLoader();
  private final Map<String, String> settings = new TreeMap<>();
  private S3Server server;

  @Override
  void start(Path folder) throws Exception {
    server = S3Server.start(folder);
    LocalSpark.stop();
    Thread.currentThread().setContextClassLoader(S3Server.client());
    for (String line :
        Files.readAllLines(Path.of(System.getProperty("tare.root"), "conf", "spark-s3a.conf"))) {
      if (line.startsWith("spark.")) {
        String[] words = line.split("\\s+", 2);
        settings.put(words[0], words[1]);
      }
    }
    assertThat(settings).hasSize(6);
    server.settings().forEach((key, value) -> settings.put("spark.hadoop." + key, value));
    // As spark-submit hands settings to the driver.
    settings.forEach(System::setProperty);
  }

  @AfterAll
  void stop() throws IOException {
    LocalSpark.stop();
    settings.keySet().forEach(System::clearProperty);
    FileSystem.closeAll();
    Thread.currentThread().setContextClassLoader(before);
    server.close();
  }

  @Override
  String root() {
    return S3Server.uri() + "/home";
  }

  @Override
  int rounds() {
    return 15;
  }

  @Test
  void aFileThatTheServerShowsOnlyWhileItIsUploadedIsNotForeign() throws Exception {
    RunFolder folder = unfinished("uploading");
    org.apache.hadoop.fs.Path upload =
        new org.apache.hadoop.fs.Path(folder.path(), "status.json-" + UUID.randomUUID());
    fileSystem().create(upload).close();
    CompletableFuture<Boolean> ends =
        CompletableFuture.supplyAsync(
            () -> {
              try {
                return fileSystem().delete(upload, false);
              } catch (IOException e) {
                throw new UncheckedIOException(e);
              }
            },
            CompletableFuture.delayedExecutor(300, TimeUnit.MILLISECONDS));

    assertThat(folder.begin()).isNotNull();
    assertThat(ends.join()).isTrue();

    RunFolder other = unfinished("foreign");
    fileSystem().create(new org.apache.hadoop.fs.Path(other.path(), "status.json-mine")).close();
    assertThatThrownBy(other::begin)
        .hasMessageContaining("contains 'status.json-mine', which is not part of a run");
  }

  private RunFolder unfinished(String name) throws IOException {
    RunFolder folder =
        RunFolder.at(root() + "/" + name, Optional.empty(), HadoopSettings.ofDriver());
    folder.begin().write(Part.PLAN_JSON, "half");
    return folder;
  }

  @Test
  void partsAreWrittenOnceByTheMagicCommitterAndStay() throws IOException {
    String parts = run().manifest().partsFolder().orElseThrow();
    for (Part part : new Part[] {Part.STATISTICS, Part.PLAN, Part.TENSORS, Part.WEIGHTS}) {
      assertThat(run().path(part).getParent().getName()).isEqualTo(parts);
      try (var stream =
          fileSystem().open(new org.apache.hadoop.fs.Path(run().path(part), "_SUCCESS"))) {
        JsonNode success = new ObjectMapper().readTree(stream.readAllBytes());
        assertThat(success.path("committer").asText()).as(part.name()).isEqualTo("magic");
        assertThat(success.path("filenames")).isNotEmpty();
      }
    }
    for (FileStatus entry : fileSystem().listStatus(run().folder().path())) {
      assertThat(entry.getPath().getName()).isIn(parts, "manifest.json", "status.json");
    }
  }

  @Test
  void sparksOwnCommitterIsRefused() {
    SparkSession spark = CommandLine.spark();
    String protocol = spark.conf().get(PROTOCOL);
    spark
        .conf()
        .set(
            PROTOCOL,
            "org.apache.spark.sql.execution.datasources.SQLHadoopMapReduceCommitProtocol");
    try {
      assertThat(tare("merge", root() + "/runs/first", "--output", root() + "/slow").ends(2).err())
          .contains("Cannot write tables to s3a://bucket/home/slow: Spark would commit them by")
          .contains("conf/spark-s3a.conf");
      tare("merge", root() + "/runs/first", "--output", root() + "/slow", "--allow-non-atomic")
          .ends(0);
    } finally {
      spark.conf().set(PROTOCOL, protocol);
    }
  }

  @Test
  void aRepeatedPutThatItsOwnFileRefusesIsASuccess() throws IOException {
    try (LossyProxy proxy =
        LossyProxy.before(server.port(), "PUT /bucket/home/lossy/_LATEST/00000001.json")) {
      Configuration hadoop = HadoopSettings.ofDriver();
      hadoop.set("fs.s3a.endpoint", "http://127.0.0.1:" + proxy.port());
      hadoop.set("fs.s3a.impl.disable.cache", "true");
      RunName.Publication publication =
          RunName.at(root() + "/lossy", hadoop).publish(run(), Atomicity.REQUIRED);

      assertThat(proxy.lost()).isEqualTo(1);
      assertThat(publication.number()).isEqualTo(1);
      assertThat(publication.added()).isTrue();
    }
  }

  @Test
  void aCheckpointThereBecomesTheSameBytesThere(@TempDir Path local) throws IOException {
    Path folder = SmallCheckpoint.write(local.resolve("llama"), true);
    String there = root() + "/llama";
    try (var files = Files.list(folder)) {
      for (Path file : files.toList()) {
        fileSystem()
            .copyFromLocalFile(
                new org.apache.hadoop.fs.Path(file.toUri()),
                new org.apache.hadoop.fs.Path(there, file.getFileName().toString()));
      }
    }
    String here = local.resolve("quantized").toString();
    quantize(folder.toString(), here);
    quantize(there, root() + "/quantized");
    FinishedRun run = RunFolder.open(root() + "/quantized", HadoopSettings.ofDriver());
    run.verifyAll();
    assertThat(tensors(run))
        .hasSize(1)
        .isEqualTo(tensors(RunFolder.open(here, HadoopSettings.ofDriver())));
  }

  private static void quantize(String model, String output) {
    tare("quantize", "--recipe", "nvfp4a16", "--model", model, "--output", output).ends(0);
  }

  private static List<FileEntry> tensors(FinishedRun run) {
    return run.manifest().files().stream()
        .filter(file -> file.path().endsWith(".safetensors"))
        .toList();
  }

  @Test
  void incompleteUploadsOfAnAbandonedRunAreAbortedAndOthersStay() throws Exception {
    String old = root() + "/uploads";
    RunFolder.at(old + "/dead", Optional.empty(), HadoopSettings.ofDriver())
        .begin()
        .write(Part.PLAN_JSON, "half");
    UploadHandle dead = begin(old + "/dead/_attempt-1/weights/part-0.parquet");
    begin(old + "/dead/_attempt-1/weights/part-1.parquet");
    UploadHandle neighbour = begin(old + "/dead-not/part-0.parquet");

    assertThat(tareAlone("gc", old, "--older-than", "1d").ends(0).out())
        .isEqualTo("Removed 0 abandoned, 0 bytes\n");
    assertThat(tareAlone("gc", old, "--older-than", "0m").ends(0).out())
        .contains("removed dead (", "Removed 1 abandoned, ")
        .endsWith(" bytes, 2 incomplete uploads\n");
    assertThatThrownBy(() -> complete(old + "/dead/_attempt-1/weights/part-0.parquet", dead))
        .isInstanceOf(IOException.class);
    complete(old + "/dead-not/part-0.parquet", neighbour);
    assertThat(fileSystem().listStatus(new org.apache.hadoop.fs.Path(old)))
        .extracting(entry -> entry.getPath().getName())
        .containsExactly("dead-not");
  }

  private UploadHandle begin(String file) throws IOException {
    var path = new org.apache.hadoop.fs.Path(file);
    try (MultipartUploader uploader = fileSystem().createMultipartUploader(path).build()) {
      return FutureIO.awaitFuture(uploader.startUpload(path));
    }
  }

  private void complete(String file, UploadHandle upload) throws IOException {
    var path = new org.apache.hadoop.fs.Path(file);
    byte[] bytes = {1, 2, 3};
    try (MultipartUploader uploader = fileSystem().createMultipartUploader(path).build()) {
      PartHandle part =
          FutureIO.awaitFuture(
              uploader.putPart(
                  upload, 1, true, path, new ByteArrayInputStream(bytes), bytes.length));
      FutureIO.awaitFuture(uploader.complete(upload, path, Map.of(1, part)));
    }
  }

  @Test
  void aStoreWithoutConditionalWritesIsRefused() throws IOException {
    Configuration hadoop = HadoopSettings.ofDriver();
    hadoop.set("fs.s3a.create.conditional.enabled", "false");
    hadoop.set("fs.s3a.impl.disable.cache", "true");
    RunName name = RunName.at(root() + "/plain", hadoop);
    assertThatThrownBy(() -> name.publish(run(), Atomicity.REQUIRED))
        .hasMessageContaining("Cannot publish on 's3a:'")
        .hasMessageContaining("conditional writes are turned off there")
        .hasMessageContaining("--allow-non-atomic");
    assertThat(name.publish(run(), Atomicity.WHERE_POSSIBLE).added()).isTrue();
  }
}
