package dev.tare.jobs.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tare.jobs.artifact.FileEntry;
import dev.tare.jobs.artifact.Part;
import dev.tare.jobs.law.EngineAlone;
import dev.tare.jobs.law.MiniLm;
import dev.tare.jobs.law.TinyLite;
import dev.tare.jobs.storage.FinishedRun;
import dev.tare.jobs.storage.RunFolder;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The built jar through the launcher and SparkSubmit: on Master and two Workers, and embedded. */
@Tag("slow")
class ClusterIT {

  private static final int DEFINITIONS = 64;
  private static final int PICTURES = 24;
  private static final long LIMIT_SECONDS = 1800;

  @TempDir Path folder;

  @Test
  void aClusterGivesTheBytesOfTheEmbeddedRun() throws IOException, InterruptedException {
    Path text = MiniLm.write(folder.resolve("definitions.txt"), MiniLm.definitions(DEFINITIONS));
    Path lite = TinyLite.model(folder.resolve("lite.tflite"));
    Path home = Path.of(System.getProperty("tare.spark.home"));
    Path events = Files.createDirectories(folder.resolve("events"));

    // First, because it leaves the file of loaded classes that the other one starts with.
    submit(List.of("--master", "local[2]"), run(text, "embedded"));
    try (LocalCluster cluster = LocalCluster.start(home, folder.resolve("cluster"), 2)) {
      List<String> spark =
          List.of(
              "--master",
              cluster.master(),
              "--driver-memory",
              "512m",
              "--executor-memory",
              "1g",
              "--conf",
              "spark.executor.cores=1",
              "--conf",
              "spark.driver.host=127.0.0.1",
              "--conf",
              "spark.ui.enabled=false",
              "--conf",
              "spark.scheduler.minRegisteredResourcesRatio=1.0",
              "--conf",
              "spark.cores.max=2",
              "--conf",
              "spark.executor.extraJavaOptions=" + ClassArchive.SHORT,
              "--conf",
              "spark.sql.shuffle.partitions=4",
              "--conf",
              "spark.sql.codegen.wholeStage=false",
              "--conf",
              "spark.eventLog.enabled=true",
              "--conf",
              "spark.eventLog.compress=false",
              "--conf",
              "spark.eventLog.dir=" + events.toUri());
      submit(spark, run(text, "on-cluster", "--partitions", "4"));
      List<String> unlogged = new ArrayList<>(spark);
      unlogged.addAll(List.of("--conf", "spark.eventLog.enabled=false"));
      submit(unlogged, runLite(lite, "lite"));
    }
    EventLog log = EventLog.read(events);
    assertThat(log.executors("calibrate: run")).hasSize(2);
    assertThat(log.executors("quantize: ")).hasSize(2);

    FinishedRun onCluster = open("on-cluster");
    FinishedRun embedded = open("embedded");
    assertThat(content(onCluster)).hasSize(64).isEqualTo(content(embedded));
    assertThat(sha256(onCluster, Part.PLAN_JSON)).isEqualTo(sha256(embedded, Part.PLAN_JSON));
    assertThat(sha256(onCluster, Part.MODEL)).isEqualTo(sha256(embedded, Part.MODEL));
    assertThat(onCluster.manifest().properties().path("selection").path("quantized-weight").asInt())
        .isEqualTo(39);

    FinishedRun ofLite = open("lite");
    assertThat(content(ofLite))
        .isEqualTo(EngineAlone.contentSha256(lite, TinyLite.samples(PICTURES), folder, 1));
    assertThat(ofLite.manifest().files())
        .extracting(FileEntry::path)
        .contains("model.tflite", Part.PLAN_JSON.fileName());
  }

  private List<String> runLite(Path model, String name) throws IOException {
    Path pictures = TinyLite.write(folder.resolve("pictures.jsonl"), TinyLite.samples(PICTURES));
    return List.of(
        "run",
        "--model",
        model.toString(),
        "--data",
        pictures.toString(),
        "--eval-data",
        pictures.toString(),
        "--target",
        "tflite",
        "--observe",
        "all",
        "--partitions",
        "4",
        "--output",
        folder.resolve("runs").resolve(name).toString());
  }

  private List<String> run(Path text, String name, String... more) {
    List<String> arguments =
        new ArrayList<>(
            List.of(
                "run",
                "--model",
                MiniLm.model().toString(),
                "--data",
                text.toString(),
                "--tokenizer",
                MiniLm.tokenizer().toString(),
                "--output",
                folder.resolve("runs").resolve(name).toString()));
    arguments.addAll(List.of(more));
    return arguments;
  }

  private void submit(List<String> spark, List<String> tare)
      throws IOException, InterruptedException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("tare.root"), "deploy", "tare").toString());
    command.addAll(spark);
    command.addAll(tare);
    Path output = folder.resolve("submit.log");
    ProcessBuilder builder = new ProcessBuilder(command);
    builder.environment().remove("SPARK_HOME");
    // The Java of this process, which is another one than Maven's where -Djvm says so.
    builder.environment().put("JAVA_HOME", System.getProperty("java.home"));
    builder
        .environment()
        .put("TARE_BUILD", Path.of(System.getProperty("tare.jar")).getParent().toString());
    builder.environment().put("SPARK_LOCAL_IP", "127.0.0.1");
    builder.environment().put("SPARK_SUBMIT_OPTS", ClassArchive.SHORT);
    Process process = builder.redirectErrorStream(true).redirectOutput(output.toFile()).start();
    boolean ended = process.waitFor(LIMIT_SECONDS, TimeUnit.SECONDS);
    if (!ended) {
      process.destroy();
    }
    String said = Files.readString(output, StandardCharsets.UTF_8);
    assertThat(ended).as("ended within %d s:%n%s", LIMIT_SECONDS, said).isTrue();
    assertThat(process.exitValue()).as(said).isZero();
  }

  private FinishedRun open(String name) throws IOException {
    FinishedRun run =
        RunFolder.open(folder.resolve("runs").resolve(name).toString(), new Configuration());
    run.verifyAll();
    return run;
  }

  private static String content(FinishedRun run) {
    return run.manifest().properties().path("calibration").path("content-sha256").asText();
  }

  private static String sha256(FinishedRun run, Part part) {
    return run.manifest().files().stream()
        .filter(file -> file.path().equals(part.fileName()))
        .map(FileEntry::digest)
        .findFirst()
        .orElseThrow()
        .sha256();
  }
}
