package dev.tare.jobs.run;

import static dev.tare.jobs.run.CommandLine.tare;
import static dev.tare.jobs.run.CommandLine.tareAlone;
import static org.assertj.core.api.Assertions.assertThat;

import dev.tare.engine.onnx.proto.TensorProto;
import dev.tare.jobs.artifact.InputRef;
import dev.tare.jobs.artifact.Manifest;
import dev.tare.jobs.artifact.Part;
import dev.tare.jobs.artifact.RunFacts;
import dev.tare.jobs.law.MiniLm;
import dev.tare.jobs.sql.TareCatalog;
import dev.tare.jobs.storage.Atomicity;
import dev.tare.jobs.storage.FinishedRun;
import dev.tare.jobs.storage.HadoopSettings;
import dev.tare.jobs.storage.RunFolder;
import dev.tare.jobs.storage.RunName;
import dev.tare.testkit.Models;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** What holds on every file system that a run may be written to. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
abstract class StoreContract {

  private FinishedRun expected;
  private FinishedRun run;

  /** An empty folder of the file system, as a user would write it. */
  abstract String root();

  /** How many rounds two publishers race. */
  abstract int rounds();

  /** Makes sure that the file system is there; called before anything else. */
  abstract void start(java.nio.file.Path folder) throws Exception;

  @BeforeAll
  void runOnFilesAndOnTheStore(@TempDir java.nio.file.Path local) throws Exception {
    start(Files.createDirectories(local.resolve("server")));
    List<String> texts = new ArrayList<>();
    for (int i = 0; i < 40; i++) {
      texts.add("the %d days of rain and %d of sun".formatted(i * i, 7 * i));
    }
    Files.write(local.resolve("texts.txt"), texts);
    Files.copy(MiniLm.tokenizer(), local.resolve("tokenizer.json"));
    embedding().writeSplit(local.resolve("model.onnx"), "words.bin");
    FileSystem fileSystem = fileSystem();
    for (String name : List.of("texts.txt", "tokenizer.json", "model.onnx", "words.bin")) {
      fileSystem.copyFromLocalFile(
          new Path(local.resolve(name).toUri()), new Path(root() + "/in/" + name));
    }
    expected = runAll(local.toString(), local.resolve("runs/first").toString());
    run = runAll(root() + "/in", root() + "/runs/first");
  }

  /** Word vectors, which a file beside the model keeps, and a dense layer. */
  private static Models embedding() {
    return Models.exported(13)
        .input("input_ids", TensorProto.DataType.INT64, "batch", "length")
        .weight("words", 30522, 6)
        .weight("dense", 6, 4)
        .node("Gather", "look_up", List.of("words", "input_ids"), "h")
        .node("MatMul", "dense", List.of("h", "dense"), "y")
        .output("y", TensorProto.DataType.FLOAT, "batch", "length", 4);
  }

  private static FinishedRun runAll(String in, String output) throws IOException {
    tare(
            "run",
            "--model",
            in + "/model.onnx",
            "--tokenizer",
            in + "/tokenizer.json",
            "--data",
            in + "/texts.txt",
            "--output",
            output)
        .ends(0);
    return RunFolder.open(output, HadoopSettings.ofDriver());
  }

  final FileSystem fileSystem() throws IOException {
    return new Path(root()).getFileSystem(HadoopSettings.ofDriver());
  }

  final FinishedRun run() {
    return run;
  }

  @Test
  void aRunThereEqualsOneOnFiles() throws IOException {
    assertThat(run.calibration().contentSha256()).isEqualTo(expected.calibration().contentSha256());
    assertThat(digests(run, "model.onnx", "plan.json"))
        .hasSize(2)
        .isEqualTo(digests(expected, "model.onnx", "plan.json"));
    assertThat(run.manifest().inputs())
        .allMatch(input -> input.uri().toString().startsWith(root()))
        .extracting(InputRef::name)
        .contains("model", "model-data");
    assertThat(tareAlone("verify", root() + "/runs/first").ends(0).out())
        .contains("/runs/first is whole: " + run.manifest().files().size() + " files, ");
  }

  private static List<Object> digests(FinishedRun of, String... paths) {
    return of.manifest().files().stream()
        .filter(file -> List.of(paths).contains(file.path()))
        .map(file -> (Object) file)
        .toList();
  }

  @Test
  void sqlAnswersThereAsOnFiles() {
    String onFiles = expected.folder().path().getParent().toString();
    for (String query :
        List.of(
            """
            SELECT to_json(struct(run_id, tensor, axis, channel, count, min, max, bin, bin_count,
              min_sample, max_row, stored.fn.scale(struct(*), 'uint8', 'mse') AS scale))
            FROM stored.statistics ORDER BY tensor, axis, channel
            """,
            """
            SELECT to_json(struct(run_id, stages, gate, samples, content_sha256)) FROM stored.runs
            """)) {
      assertThat(answers(query, root() + "/runs"))
          .isNotEmpty()
          .allMatch(row -> row.contains("\"run_id\":\"first\""))
          .isEqualTo(answers(query, onFiles));
    }
  }

  private static List<String> answers(String query, String runs) {
    SparkSession spark = CommandLine.spark();
    spark.conf().set("spark.sql.catalog.stored", TareCatalog.class.getName());
    spark.conf().set("spark.sql.catalog.stored.root", runs);
    return spark.sql(query).collectAsList().stream().map(row -> row.getString(0)).toList();
  }

  @Test
  void aRunIsPublishedFoundAndReadByItsName() throws IOException {
    String name = root() + "/runs/current";
    tareAlone("publish", root() + "/runs/first", "--as", name).ends(0);
    assertThat(tareAlone("publish", root() + "/runs/first", "--as", name).ends(0).out())
        .contains("points to", "already (entry 1)");
    assertThat(tareAlone("inspect", name).ends(0).out())
        .contains(expected.calibration().contentSha256(), "entry 1");
    assertThat(tareAlone("verify", name).ends(0).out()).contains("/runs/first is whole");
    assertThat(tareAlone("runs", root() + "/runs").ends(0).out())
        .containsPattern(
            "first +finished +calibrate, select, quantize, evaluate +passed +20.*Z +[0-9,]+ "
                + " current");

    String merged = root() + "/merged";
    tare("merge", name, "--output", merged).ends(0);
    assertThat(RunFolder.open(merged, HadoopSettings.ofDriver()).calibration().contentSha256())
        .isEqualTo(expected.calibration().contentSha256());
  }

  @Test
  void ofTwoJobsForOneRunFolderOneFinishes() throws Exception {
    String output = root() + "/raced/run";
    Callable<Integer> job =
        () ->
            tare(
                    "select",
                    "--model",
                    root() + "/in/model.onnx",
                    "--statistics",
                    root() + "/runs/first",
                    "--output",
                    output)
                .code();

    assertThat(race(List.of(job, job))).containsExactlyInAnyOrder(0, 5);
    assertThat(tareAlone("verify", output).ends(0).out()).contains("/raced/run is whole");
    assertThat(RunFolder.open(output, HadoopSettings.ofDriver()).folder().status().orElseThrow())
        .extracting(status -> status.exitCode())
        .isEqualTo(OptionalInt.of(0));
  }

  @Test
  void publishersOfOneNameEachGetAnEntryAndNeverBreakIt() throws Exception {
    FinishedRun second = produce(root() + "/pointers/second", "{}\n");
    for (int round = 0; round < rounds(); round++) {
      String place = root() + "/pointers/name-" + round;
      List<Callable<RunName.Publication>> racers = new ArrayList<>();
      for (FinishedRun racer : List.of(run, second)) {
        racers.add(
            () -> RunName.at(place, HadoopSettings.ofDriver()).publish(racer, Atomicity.REQUIRED));
      }
      List<RunName.Publication> done = race(racers);
      assertThat(done).extracting(RunName.Publication::number).containsExactlyInAnyOrder(1L, 2L);
      FinishedRun last = done.get(0).number() == 2 ? run : second;
      assertThat(RunFolder.open(place, HadoopSettings.ofDriver()).folder().path())
          .isEqualTo(last.folder().path());
    }
  }

  @Test
  void anAbandonedRunIsCollectedAndAFinishedOneStays() throws IOException {
    RunFolder dead =
        RunFolder.at(root() + "/old/dead", Optional.empty(), HadoopSettings.ofDriver());
    dead.begin().write(Part.PLAN_JSON, "half");
    produce(root() + "/old/good", "{}\n");

    assertThat(tareAlone("gc", root() + "/old", "--older-than", "1d").ends(0).out())
        .isEqualTo("Removed 0 abandoned, 0 bytes\n");
    assertThat(tareAlone("gc", root() + "/old", "--older-than", "0m", "--dry-run").ends(0).out())
        .contains("would remove dead (last activity 20", "Would remove 1 abandoned, ");
    assertThat(dead.state()).isEqualTo(RunFolder.State.UNFINISHED);
    assertThat(tareAlone("gc", root() + "/old", "--older-than", "0m").ends(0).out())
        .contains("removed dead (last activity 20", "Removed 1 abandoned, ");
    assertThat(dead.state()).isEqualTo(RunFolder.State.ABSENT);
    tareAlone("verify", root() + "/old/good").ends(0);
  }

  @Test
  void verifyNamesEveryFileThatIsNotAsTheManifestSays() throws IOException {
    FinishedRun broken = produce(root() + "/broken", "{}\n");
    Path folder = broken.path(Part.PLAN_JSON).getParent();
    FileSystem fileSystem = fileSystem();
    write(fileSystem, new Path(folder, "plan.json"), "[]\n");
    write(fileSystem, new Path(folder, "extra.txt"), "x");
    fileSystem.delete(new Path(folder, "configuration.json"), false);

    CommandLine.Result result = tareAlone("verify", root() + "/broken").ends(3);
    assertThat(result.out().lines())
        .satisfiesExactly(
            line -> assertThat(line).isEqualTo("configuration.json is missing"),
            line -> assertThat(line).startsWith("plan.json was changed: 3 bytes with sha256 "),
            line -> assertThat(line).isEqualTo("extra.txt is not in the manifest"));
    assertThat(result.err()).contains("/broken is damaged: 3 files, listed above");
    assertThat(
            tareAlone("publish", root() + "/broken", "--as", root() + "/never", "--ungated")
                .ends(3)
                .err())
        .contains("/broken is damaged: configuration.json is missing; plan.json was changed");
    assertThat(fileSystem.exists(new Path(root() + "/never"))).isFalse();
  }

  static void write(FileSystem fileSystem, Path path, String text) throws IOException {
    try (var stream = fileSystem.create(path, true)) {
      stream.write(text.getBytes(StandardCharsets.UTF_8));
    }
  }

  private static FinishedRun produce(String place, String plan) throws IOException {
    return RunFolder.at(place, Optional.empty(), HadoopSettings.ofDriver())
        .produce(
            attempt -> {
              attempt.write(Part.PLAN_JSON, plan);
              return Manifest.draft(
                  attempt.folder().runId(), List.of("select"), List.of(), Map.of(), RunFacts.NONE);
            });
  }

  private static <T> List<T> race(List<Callable<T>> racers) throws Exception {
    ExecutorService threads = Executors.newFixedThreadPool(racers.size());
    try {
      CyclicBarrier start = new CyclicBarrier(racers.size());
      List<Future<T>> running = new ArrayList<>();
      for (Callable<T> racer : racers) {
        running.add(
            threads.submit(
                () -> {
                  start.await();
                  return racer.call();
                }));
      }
      List<T> results = new ArrayList<>();
      for (Future<T> result : running) {
        results.add(result.get());
      }
      return results;
    } finally {
      threads.shutdownNow();
    }
  }
}
