package dev.tare.jobs.storage;

import static dev.tare.jobs.storage.Failing.assertFails;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tare.jobs.ExitCode;
import dev.tare.jobs.artifact.Manifest;
import dev.tare.jobs.artifact.Part;
import dev.tare.jobs.artifact.RunFacts;
import dev.tare.jobs.artifact.Status;
import dev.tare.jobs.faults.OddFileSystem;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Where folders cannot be renamed: parts are written once and stay. */
class PartsInPlaceTest {
  private final Configuration hadoop = OddFileSystem.configured();
  @TempDir private Path temporary;

  private RunFolder folder() throws IOException {
    return RunFolder.at("odd:" + temporary.resolve("r"), Optional.empty(), hadoop);
  }

  private static Manifest write(RunAttempt attempt) throws IOException {
    attempt.write(Part.PLAN_JSON, "{}\n");
    return Manifest.draft("r", List.of("select"), List.of(), Map.of(), RunFacts.NONE);
  }

  @Test
  void aFileSystemWithoutASafeWayIsRefusedUnlessTheUserInsists() throws IOException {
    assertFails(
        folder()::begin,
        ExitCode.USAGE,
        "Cannot publish on 'odd:' (odd:" + temporary.resolve("r") + ")",
        "or accept that with --allow-non-atomic");
    assertThat(temporary.resolve("r")).doesNotExist();

    FinishedRun run = folder().produce(Atomicity.WHERE_POSSIBLE, PartsInPlaceTest::write);
    RunName name = RunName.at("odd:" + temporary.resolve("current"), hadoop);
    assertFails(() -> name.publish(run, Atomicity.REQUIRED), ExitCode.USAGE, "--allow-non-atomic");
    assertThat(name.publish(run, Atomicity.WHERE_POSSIBLE).added()).isTrue();
    assertThat(name.publish(run, Atomicity.WHERE_POSSIBLE).added()).isFalse();
    assertThat(name.target().orElseThrow().run()).isEqualTo(run.folder().path());
  }

  @Test
  void theManifestNamesTheFolderThatHoldsTheParts() throws IOException {
    FinishedRun run = folder().produce(Atomicity.WHERE_POSSIBLE, PartsInPlaceTest::write);

    String parts = run.manifest().partsFolder().orElseThrow();
    assertThat(parts).startsWith("_attempt-");
    assertThat(run.path(Part.PLAN_JSON).toUri().getPath())
        .isEqualTo(temporary.resolve("r").resolve(parts).resolve("plan.json").toString());
    assertThat(run.files(Part.PLAN_JSON))
        .extracting(FinishedRun.StoredFile::path)
        .containsExactly(run.path(Part.PLAN_JSON));
    assertThat(run.verifiedText(Part.PLAN_JSON)).isEqualTo("{}\n");
    assertThat(temporary.resolve("r/plan.json")).doesNotExist();

    Path own = temporary.resolve("r").resolve(parts);
    Files.writeString(
        Files.createDirectory(temporary.resolve("r/_attempt-other")).resolve("x"), "");
    assertThat(run.damage()).isEmpty();
    Files.writeString(own.resolve("extra"), "");
    Files.writeString(temporary.resolve("r/letter"), "");
    Files.writeString(own.resolve("plan.json"), "[]\n");
    Files.delete(own.resolve("configuration.json"));
    assertThat(run.damage())
        .hasSize(4)
        .satisfiesExactly(
            line -> assertThat(line).isEqualTo("configuration.json is missing"),
            line -> assertThat(line).startsWith("plan.json was changed: 3 bytes with sha256 "),
            line -> assertThat(line).isEqualTo("extra is not in the manifest"),
            line -> assertThat(line).isEqualTo("letter is not in the manifest"));
  }

  @Test
  void anAttemptLeavesThePartsOfOthersAlone() throws IOException {
    RunAttempt first = folder().begin(Atomicity.WHERE_POSSIBLE);
    Manifest draft = write(first);
    FinishedRun run = folder().produce(Atomicity.WHERE_POSSIBLE, PartsInPlaceTest::write);

    assertThat(Path.of(first.path(Part.PLAN_JSON).toUri().getPath())).exists();
    assertFails(
        () -> first.publish(draft), ExitCode.ALREADY_FINISHED, "r; this one publishes nothing");
    first.fail(ExitCode.ALREADY_FINISHED, "lost");
    assertThat(Path.of(first.path(Part.PLAN_JSON).toUri().getPath())).doesNotExist();
    assertThat(run.damage()).isEmpty();
    assertThat(folder().status().orElseThrow().outcome()).isEqualTo(Status.Outcome.FINISHED);
  }

  @Test
  void partsStayWhenItIsNotKnownWhetherTheManifestAppeared() throws IOException {
    RunAttempt broken =
        RunAttempt.begin(
            folder(),
            folder().path().getFileSystem(hadoop),
            new Publisher() {
              @Override
              public boolean publish(
                  byte[] content,
                  org.apache.hadoop.fs.Path temporary,
                  org.apache.hadoop.fs.Path target)
                  throws IOException {
                throw new IOException("connection reset after the request");
              }

              @Override
              public void replace(
                  byte[] content,
                  org.apache.hadoop.fs.Path temporary,
                  org.apache.hadoop.fs.Path target)
                  throws IOException {
                Files.write(Path.of(target.toUri().getPath()), content);
              }

              @Override
              public boolean renamesFolders() {
                return false;
              }
            });
    Manifest draft = write(broken);
    assertThatThrownBy(() -> broken.publish(draft)).hasMessageContaining("connection reset");
    broken.fail(ExitCode.INTERNAL, "connection reset");

    assertThat(Path.of(broken.path(Part.PLAN_JSON).toUri().getPath())).exists();
    assertThat(folder().status().orElseThrow().outcome()).isEqualTo(Status.Outcome.FAILED);
  }
}
