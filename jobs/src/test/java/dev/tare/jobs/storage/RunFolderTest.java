package dev.tare.jobs.storage;

import static dev.tare.jobs.storage.Failing.assertFails;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tare.jobs.ExitCode;
import dev.tare.jobs.TareException;
import dev.tare.jobs.artifact.Digest;
import dev.tare.jobs.artifact.FileEntry;
import dev.tare.jobs.artifact.Fingerprint;
import dev.tare.jobs.artifact.GateOutcome;
import dev.tare.jobs.artifact.Manifest;
import dev.tare.jobs.artifact.Part;
import dev.tare.jobs.artifact.RunFacts;
import dev.tare.jobs.artifact.Status;
import dev.tare.jobs.faults.FullFileSystem;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RunFolderTest {
  private static final Map<String, String> CONFIGURATION = Map.of("samples", "5");

  private final Configuration hadoop = new Configuration();
  @TempDir private Path temporary;

  private RunFolder folder(String name) throws IOException {
    return RunFolder.at(temporary.resolve(name).toString(), Optional.empty(), hadoop);
  }

  private static Fingerprint same() {
    return draft("x", GateOutcome.NONE).fingerprint();
  }

  private static Manifest draft(String runId, GateOutcome gate) {
    return Manifest.draft(
        runId, List.of("select"), List.of(), CONFIGURATION, RunFacts.NONE.with(gate));
  }

  private static Manifest writeParts(RunAttempt attempt) throws IOException {
    attempt.write(Part.PLAN_JSON, "{}\n");
    try (OutputStream stream =
        attempt
            .path(Part.STATISTICS)
            .getFileSystem(new Configuration())
            .create(new org.apache.hadoop.fs.Path(attempt.path(Part.STATISTICS), "part-0"))) {
      stream.write(new byte[] {1, 2, 3});
    }
    Files.createFile(Path.of(attempt.path(Part.STATISTICS).toUri().getPath(), "_SUCCESS"));
    return draft(attempt.folder().runId(), GateOutcome.PASSED);
  }

  @Test
  void showsNothingUntilTheManifestStands() throws IOException {
    RunFolder folder = folder("r");
    assertThat(folder.state()).isEqualTo(RunFolder.State.ABSENT);

    RunAttempt attempt = folder.begin();
    Manifest draft = writeParts(attempt);
    assertThat(folder.state()).isEqualTo(RunFolder.State.UNFINISHED);
    assertThat(temporary.resolve("r/plan.json")).doesNotExist();
    Status running = folder.status().orElseThrow();
    assertThat(running.outcome()).isEqualTo(Status.Outcome.RUNNING);
    assertThat(running.exitCode()).isEmpty();
    assertFails(
        folder::open, ExitCode.BAD_INPUT, "r is not a finished run: it has no manifest.json");

    FinishedRun run = attempt.publish(draft);
    assertThat(folder.state()).isEqualTo(RunFolder.State.FINISHED);
    assertThat(run.manifest().files())
        .extracting(FileEntry::path)
        .containsExactly("configuration.json", "plan.json", "statistics/part-0");
    assertThat(run.manifest().files().get(2).digest()).isEqualTo(Digest.of(new byte[] {1, 2, 3}));
    assertThat(temporary.resolve("r/configuration.json")).hasContent("{\n  \"samples\" : \"5\"\n}");
    assertThat(folder.status().orElseThrow().outcome()).isEqualTo(Status.Outcome.FINISHED);
    try (var names = Files.list(temporary.resolve("r"))) {
      assertThat(names.map(p -> p.getFileName().toString()))
          .noneMatch(name -> name.startsWith("_attempt-"));
    }
    run.verifyAll();
    assertThat(run.verifiedText(Part.PLAN_JSON)).isEqualTo("{}\n");
  }

  @Test
  void refusesAFinishedOutput() throws IOException {
    RunFolder folder = folder("r");
    folder.produce(RunFolderTest::writeParts);

    String message = "r contains a finished run; choose another --output, or --if-finished reuse";
    assertFails(folder::begin, ExitCode.ALREADY_FINISHED, message);
    assertFails(
        () -> folder.reusable(IfFinished.FAIL, RunFolderTest::same),
        ExitCode.ALREADY_FINISHED,
        message);
  }

  @Test
  void reusesAFinishedRunOfTheSameFingerprintOnly() throws IOException {
    RunFolder folder = folder("r");
    assertThat(folder.reusable(IfFinished.REUSE, RunFolderTest::same)).isEmpty();
    folder.produce(RunFolderTest::writeParts);

    assertThat(folder.reusable(IfFinished.REUSE, RunFolderTest::same)).contains(ExitCode.OK);
    Manifest other =
        Manifest.draft("r", List.of("select"), List.of(), Map.of("samples", "6"), RunFacts.NONE);
    assertFails(
        () -> folder.reusable(IfFinished.REUSE, other::fingerprint),
        ExitCode.ALREADY_FINISHED,
        "r contains another finished run: option samples is 6 here and 5 there");
  }

  @Test
  void aReusedRunWhoseGateFailedFailsAgain() throws IOException {
    RunFolder folder = folder("r");
    folder.produce(attempt -> draft("r", GateOutcome.FAILED));

    assertThat(folder.reusable(IfFinished.REUSE, RunFolderTest::same))
        .contains(ExitCode.GATE_FAILED);
    assertThat(folder.status().orElseThrow().exitCode()).hasValue(4);
  }

  @Test
  void recordsAFailureAndPublishesNothing() throws IOException {
    RunFolder folder = folder("r");
    assertFails(
        () ->
            folder.produce(
                attempt -> {
                  writeParts(attempt);
                  throw TareException.badInput("row 7 has NaN");
                }),
        ExitCode.BAD_INPUT,
        "row 7 has NaN");

    Status status = folder.status().orElseThrow();
    assertThat(status.outcome()).isEqualTo(Status.Outcome.FAILED);
    assertThat(status.exitCode()).hasValue(3);
    assertThat(status.message()).isEqualTo("row 7 has NaN");
    assertThat(folder.state()).isEqualTo(RunFolder.State.UNFINISHED);
    assertThat(temporary.resolve("r/statistics")).doesNotExist();
  }

  @Test
  void redoesAnUnfinishedRun() throws IOException {
    RunFolder folder = folder("r");
    writeParts(folder.begin());
    Files.writeString(temporary.resolve("r/plan.json"), "left by a killed attempt");

    FinishedRun run = folder.produce(RunFolderTest::writeParts);

    run.verifyAll();
    assertThat(run.verifiedText(Part.PLAN_JSON)).isEqualTo("{}\n");
  }

  @Test
  void deletesNothingInAFolderThatIsNoRun() throws IOException {
    Path foreign = Files.createDirectories(temporary.resolve("home"));
    Path precious = Files.writeString(foreign.resolve("model.onnx"), "precious");
    assertFails(
        folder("home")::begin,
        ExitCode.USAGE,
        "home: it is not empty and has no status.json of a run");

    Files.writeString(foreign.resolve("letter.txt"), "dear");
    assertFails(
        folder("home")::begin,
        ExitCode.USAGE,
        "home: it contains 'letter.txt', which is not part of a run");
    assertThat(precious).hasContent("precious");
    assertFails(
        RunFolder.at(precious.toString(), Optional.empty(), hadoop)::begin,
        ExitCode.USAGE,
        "model.onnx is a file, not a folder");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "\0\0\0\0",
        "{\n  \"for",
        "{\n  \"format-version\" : 1,\n  \"outcome\" : \"running\",\n  \"mess",
      })
  void takesOverAFolderWhoseStatusIsCut(String status) throws IOException {
    Path run = Files.createDirectories(temporary.resolve("r/_attempt-killed/statistics"));
    Files.writeString(run.resolve("part-0"), "half");
    Files.writeString(temporary.resolve("r/status.json"), status);
    Files.write(temporary.resolve("r/.status.json.crc"), new byte[] {'c', 'r', 'c', 0, 1, 2});

    folder("r").produce(RunFolderTest::writeParts).verifyAll();
    assertThat(folder("r").status().orElseThrow().outcome()).isEqualTo(Status.Outcome.FINISHED);
    assertThat(run).doesNotExist();
  }

  @Test
  void takesOverAFolderInWhichAnAttemptDidNotComeToWriteItsStatus() throws IOException {
    Files.createDirectories(temporary.resolve("r/_attempt-killed"));
    Files.writeString(temporary.resolve("r/_attempt-killed/.status.json.tmp"), "{");

    folder("r").produce(RunFolderTest::writeParts).verifyAll();
    assertThat(temporary.resolve("r/_attempt-killed")).doesNotExist();
  }

  @Test
  void theStatusOfAnotherProgramIsNotTakenForACutOne() throws IOException {
    Path home = Files.createDirectories(temporary.resolve("home"));
    Path precious = Files.writeString(home.resolve("model.onnx"), "precious");
    Files.writeString(home.resolve("status.json"), "{\"state\": \"ok\"}");

    assertFails(
        folder("home")::begin,
        ExitCode.USAGE,
        "home: it is not empty and has no status.json of a run");
    assertThat(precious).hasContent("precious");
  }

  @Test
  void aStatusReplacesWhatItsNameIsLinkedTo() throws IOException {
    Path precious = Files.writeString(temporary.resolve("precious"), "");
    Path run = Files.createDirectories(temporary.resolve("r"));
    Files.createSymbolicLink(run.resolve("status.json"), precious);

    folder("r").produce(RunFolderTest::writeParts).verifyAll();
    assertThat(precious).isEmptyFile();
    try (var names = Files.list(run)) {
      assertThat(names.map(p -> p.getFileName().toString()))
          .noneMatch(name -> name.endsWith(".tmp"));
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "plan/mine.txt",
        "statistics/year=2026/part-0.csv",
        "statistics/_temporary/0/notes",
        "statistics/_SUCCESS/x",
        "weights/.hidden/x",
        "_attempt-1/plan/mine.txt",
        "_attempt-1/letter",
        "_attempt-1/_attempt-2/plan.json",
        "plan.json/x",
        "tensors",
        "_attempt-x",
        ".mine.tmp",
      })
  void refusesAFolderWithAnythingThatNoAttemptLeaves(String path) throws IOException {
    folder("r").begin();
    Path mine = temporary.resolve("r").resolve(path);
    Files.createDirectories(mine.getParent());
    Files.writeString(mine, "precious");

    assertFails(folder("r")::begin, ExitCode.USAGE, "which is not part of a run");
    assertThatThrownBy(folder("r")::begin)
        .satisfies(e -> assertThat(path).startsWith(e.getMessage().split("'", -1)[1]));
    assertThat(mine).hasContent("precious");
  }

  @Test
  void takesOverWhatSparkLeavesWhenItIsKilled() throws IOException {
    folder("r").begin();
    for (String path :
        List.of(
            "statistics/_SUCCESS",
            "statistics/._SUCCESS.crc",
            "statistics/part-00000-8e4a-c000.snappy.parquet",
            "statistics/.part-00000-8e4a-c000.snappy.parquet.crc",
            "sensitivity/part-00000-8e4a-c000.zstd.parquet",
            "_attempt-1/folds/_temporary/0/part-0.parquet",
            "_attempt-1/weights/_temporary/0/_temporary/attempt_2026_0001_m_000000_7/part-0.parquet",
            "_attempt-1/weights/_temporary/0/task_2026_0001_m_000000/.part-0.parquet.crc",
            "_attempt-1/tensors/__magic_job-1/tasks/x/__base/part-0.parquet",
            "_attempt-1/model.onnx.data",
            "_attempt-1/.plan.json.crc")) {
      Path file = temporary.resolve("r").resolve(path);
      Files.createDirectories(file.getParent());
      Files.writeString(file, "left");
    }

    folder("r").produce(RunFolderTest::writeParts).verifyAll();
    assertThat(temporary.resolve("r/_attempt-1")).doesNotExist();
  }

  @Test
  void refusesPlacesWhereNoFolderCanBeMade() throws IOException {
    Path file = Files.writeString(temporary.resolve("file"), "");
    Path dangling =
        Files.createSymbolicLink(temporary.resolve("dangling"), temporary.resolve("gone/x"));
    for (Path place : List.of(file.resolve("run"), dangling, Path.of("/proc/run"))) {
      RunFolder run = RunFolder.at(place.toString(), Optional.empty(), hadoop);
      assertFails(run::begin, ExitCode.USAGE, "Cannot write a run into file:" + place + ": ");
    }
    RunFolder remote = RunFolder.at("http://127.0.0.1:1/run", Optional.empty(), hadoop);
    assertFails(
        () -> remote.requireWritable(Atomicity.REQUIRED), ExitCode.USAGE, "http://127.0.0.1:1/run");
    assertFails(
        () -> remote.requireWritable(Atomicity.WHERE_POSSIBLE),
        ExitCode.USAGE,
        "http://127.0.0.1:1/run");
  }

  @Test
  void anAttemptWhoseFolderAnotherOneRemovedKnowsThatItLost() {
    assertFails(
        () ->
            folder("r")
                .produce(
                    attempt -> {
                      folder("r").begin();
                      throw new IllegalStateException("no such file");
                    }),
        ExitCode.ALREADY_FINISHED,
        "r; this one publishes nothing");
  }

  @Test
  void aRunThatSomebodyRemovedWhileItWasWrittenIsNoBug() {
    assertFails(
        () ->
            folder("r")
                .produce(
                    attempt -> {
                      fileSystemOf(attempt).delete(attempt.folder().path(), true);
                      throw new IllegalStateException("no such file");
                    }),
        ExitCode.USAGE,
        "r was removed while it was written");
  }

  private org.apache.hadoop.fs.FileSystem fileSystemOf(RunAttempt attempt) throws IOException {
    return attempt.folder().path().getFileSystem(hadoop);
  }

  @Test
  void aFullDiskNamesTheRunAndTheRoomThatIsLeft() throws IOException {
    IOException full = new IOException("No space left on device");
    List<Throwable> failures =
        List.of(
            full,
            new Error("java.io.IOException: No space left on device", full),
            new IllegalStateException(
                "Job aborted: Lost task 0.0 in stage 3.0\nCaused by: java.io.IOException: No space"
                    + " left on device\n\tat java.base/..."));
    for (Throwable failure : failures) {
      assertFails(
          () ->
              folder("r")
                  .produce(
                      attempt -> {
                        if (failure instanceof Error error) {
                          throw error;
                        }
                        throw new UncheckedIOException(new IOException(failure));
                      }),
          ExitCode.USAGE,
          "No space left to write the run file:" + temporary.resolve("r"));
      Status status = folder("r").status().orElseThrow();
      assertThat(status.exitCode()).hasValue(2);
      assertThat(status.message())
          .contains("No space left on device", " MB in " + temporary.resolve("r"))
          .doesNotContain("\n");
    }
  }

  @Test
  void theStatusIsToldOnceTheDiskHasRoomAgain() throws IOException {
    Configuration full = FullFileSystem.configured();
    RunFolder folder = RunFolder.at("full:" + temporary.resolve("r"), Optional.empty(), full);
    assertFails(
        () ->
            folder.produce(
                Atomicity.WHERE_POSSIBLE,
                attempt -> {
                  writeParts(attempt);
                  throw new UncheckedIOException(new IOException("No space left on device"));
                }),
        ExitCode.USAGE,
        "No space left to write the run full:" + temporary.resolve("r"));
    assertThat(folder.status().orElseThrow().outcome()).isEqualTo(Status.Outcome.FAILED);
    assertThat(temporary.resolve("r").toFile().list()).containsExactly("status.json");
  }

  @Test
  void theAttemptThatBeganLastOwnsTheFolder() throws IOException {
    RunFolder folder = folder("r");
    RunAttempt first = folder.begin();
    Manifest firstDraft = writeParts(first);
    RunAttempt second = folder.begin();
    Manifest secondDraft = writeParts(second);
    writeParts(first);

    assertFails(
        () -> first.publish(firstDraft),
        ExitCode.ALREADY_FINISHED,
        "r; this one publishes nothing");
    first.fail(ExitCode.ALREADY_FINISHED, "lost");
    FinishedRun run = second.publish(secondDraft);

    run.verifyAll();
    assertThat(folder.status().orElseThrow().outcome()).isEqualTo(Status.Outcome.FINISHED);
  }

  @Test
  void namesDamage() throws IOException {
    RunFolder folder = folder("r");
    FinishedRun run = folder.produce(RunFolderTest::writeParts);
    Path part = temporary.resolve("r/statistics/part-0");
    Files.deleteIfExists(temporary.resolve("r/statistics/.part-0.crc"));

    Files.write(part, new byte[] {1, 2, 4});
    assertFails(
        () -> run.verified(Part.STATISTICS),
        ExitCode.BAD_INPUT,
        "is damaged: statistics/part-0 was changed: 3 bytes with sha256");
    assertThat(run.verifiedText(Part.PLAN_JSON)).isEqualTo("{}\n");
    Files.write(part, new byte[] {1, 2, 3});
    Path added = Files.writeString(temporary.resolve("r/statistics/part-1"), "x");
    assertFails(
        () -> run.verified(Part.STATISTICS),
        ExitCode.BAD_INPUT,
        "is damaged: statistics/part-1 is not in the manifest");
    Files.delete(added);
    run.verifyAll();
    Files.delete(part);
    assertFails(() -> run.verifyAll(), ExitCode.BAD_INPUT, "statistics/part-0 is missing");
    assertFails(
        () -> run.verified(Part.WEIGHTS),
        ExitCode.BAD_INPUT,
        "r has no weights; it was made by: select");
  }

  @Test
  void refusesFileSystemsWithoutAPublisherAndBadIds() throws IOException {
    assertFails(
        () -> RunFolder.at("nope://x/r", Optional.empty(), hadoop),
        ExitCode.USAGE,
        "Cannot read or write 'nope://x/r'");
    assertFails(() -> folder("a b"), ExitCode.USAGE, "Not a run id: 'a b'");
    assertThat(RunFolder.at(temporary.resolve("a b").toString(), Optional.of("ab"), hadoop).runId())
        .isEqualTo("ab");
  }
}
