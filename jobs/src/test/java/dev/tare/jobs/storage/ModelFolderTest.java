package dev.tare.jobs.storage;

import static dev.tare.jobs.storage.Failing.assertFails;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tare.jobs.ExitCode;
import dev.tare.jobs.artifact.FileEntry;
import dev.tare.jobs.artifact.Manifest;
import dev.tare.jobs.artifact.Part;
import dev.tare.jobs.artifact.RunFacts;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A model that is a folder of files with names of their own. */
class ModelFolderTest {

  private static final String CONFIG = "model/config.json";
  private static final String WEIGHTS = "model/model-00001-of-00002.safetensors";
  private static final Set<String> OWN = Set.of("config.json");
  private static final Instant LONG_AGO = Instant.parse("2020-01-01T00:00:00Z");

  private final Configuration hadoop = new Configuration();
  @TempDir private Path root;

  private RunFolder folder(String name) throws IOException {
    return RunFolder.at(root.resolve(name).toString(), Optional.empty(), hadoop);
  }

  private static void write(RunAttempt attempt, String... names) throws IOException {
    for (String name : names) {
      try (OutputStream out = attempt.createModel(name)) {
        out.write(name.getBytes(StandardCharsets.UTF_8));
      }
    }
  }

  private FinishedRun finish(String... names) throws IOException {
    return folder("run")
        .produce(
            attempt -> {
              write(attempt, names);
              return Manifest.draft("run", List.of("quantize"), List.of(), Map.of(), RunFacts.NONE);
            });
  }

  @Test
  void aFolderIsPublishedWithAnEntryForEachFile() throws IOException {
    FinishedRun run = finish(CONFIG, WEIGHTS);
    assertThat(run.manifest().files())
        .extracting(FileEntry::path)
        .containsExactly("configuration.json", CONFIG, WEIGHTS);
    assertThat(run.has(Part.MODEL)).isTrue();
    assertThat(run.files(Part.MODEL)).hasSize(2);
    assertThat(run.verifiedModel(OWN).toUri().getPath())
        .isEqualTo(root.resolve("run").resolve(CONFIG).toString());
    assertThat(run.damage()).isEmpty();
  }

  @Test
  void anAttemptFindsItsModelBeforeItIsPublished() throws IOException {
    RunAttempt attempt = folder("run").begin();
    assertThatThrownBy(() -> attempt.model(OWN)).isInstanceOf(IllegalStateException.class);
    write(attempt, WEIGHTS, CONFIG);
    assertThat(attempt.model(OWN).toString()).endsWith("/" + CONFIG);
  }

  @Test
  void whatIsMissingChangedOrAddedInTheFolderIsDamage() throws IOException {
    FinishedRun run = finish(CONFIG, WEIGHTS);
    Files.delete(root.resolve("run").resolve(WEIGHTS));
    Files.writeString(root.resolve("run/model/more.json"), "{}");
    assertThat(run.damage())
        .containsExactlyInAnyOrder(
            WEIGHTS + " is missing", "model/more.json is not in the manifest");
    assertFails(() -> run.verifiedModel(OWN), ExitCode.BAD_INPUT, WEIGHTS + " is missing");
  }

  @Test
  void aRunHasOneModel() throws IOException {
    FinishedRun run = finish(CONFIG, "model.tflite");
    assertFails(
        () -> run.verifiedModel(OWN), ExitCode.BAD_INPUT, "has not one model but 2", CONFIG);
    assertThat(run.verifiedModel(Set.of()).getName()).isEqualTo("model.tflite");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"model/a/b", "model/../x", "model/", "model", "models/x", "notes.txt", "model/.x"})
  void otherNamesAreRefused(String name) throws IOException {
    RunAttempt attempt = folder("run").begin();
    assertThatThrownBy(() -> attempt.createModel(name))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("'" + name + "'");
  }

  private AbandonedRuns abandoned() throws IOException {
    try (var files = Files.walk(root)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        Files.setLastModifiedTime(file, FileTime.from(LONG_AGO));
      }
    }
    return AbandonedRuns.in(RunTree.below(root.toString(), hadoop), hadoop);
  }

  @Test
  void modelsOfAnyFormatThatAnAttemptLeftAreRemoved() throws IOException {
    write(folder("folder").begin(), CONFIG, WEIGHTS);
    write(folder("file").begin(), "model.tflite", "model.tflite.data");
    AbandonedRuns abandoned = abandoned();
    List<AbandonedRuns.Abandoned> found = abandoned.before(LONG_AGO.plusSeconds(1));
    assertThat(found).extracting(one -> one.path().getName()).containsExactly("file", "folder");
    for (AbandonedRuns.Abandoned one : found) {
      assertThat(abandoned.remove(one)).isPresent();
    }
    assertThat(root).isEmptyDirectory();
  }

  /** As if it was killed when all parts were moved and the manifest was not yet written. */
  private void kill(FinishedRun run) throws IOException {
    Path manifest = root.resolve("run/manifest.json");
    Path attempt = Files.createDirectory(root.resolve("run/_attempt-1"));
    MovedParts.write(
        FileSystem.getLocal(hadoop),
        new org.apache.hadoop.fs.Path(attempt.toUri()),
        run.manifest());
    Files.delete(manifest);
    Files.deleteIfExists(manifest.resolveSibling(".manifest.json.crc"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"model.tflite", CONFIG})
  void aModelThatAKilledAttemptHadMovedIsNoObstacleToTheNext(String name) throws IOException {
    kill(finish(name));
    assertThat(finish(WEIGHTS).manifest().files())
        .extracting(FileEntry::path)
        .containsExactly("configuration.json", WEIGHTS);
    assertThat(root.resolve("run").resolve(name)).doesNotExist();
    assertThat(folder("run").open().damage()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"model.tflite", CONFIG})
  void aModelThatAKilledAttemptHadMovedIsRemovedWithIt(String name) throws IOException {
    kill(finish(name));
    AbandonedRuns abandoned = abandoned();
    List<AbandonedRuns.Abandoned> found = abandoned.before(LONG_AGO.plusSeconds(1));
    assertThat(found).hasSize(1);
    assertThat(abandoned.remove(found.get(0))).isPresent();
    assertThat(root).isEmptyDirectory();
  }

  @ParameterizedTest
  @ValueSource(strings = {"model.tflite", CONFIG})
  void aModelThatNoAttemptListsInThisSizeIsTheUsers(String name) throws IOException {
    kill(finish(name));
    Path model = root.resolve("run").resolve(name);
    Files.writeString(model, "another model, by hand");
    assertThat(abandoned().before(LONG_AGO.plusSeconds(1))).isEmpty();
    assertThatThrownBy(() -> finish(WEIGHTS)).hasMessageContaining("it contains '" + name + "'");
    assertThat(model).exists();
  }

  @Test
  void aFolderOfSomebodyInTheModelsFolderKeepsIt() throws IOException {
    RunAttempt attempt = folder("run").begin();
    write(attempt, CONFIG);
    Path model = Path.of(attempt.model(OWN).toUri().getPath()).getParent();
    Files.createDirectory(model.resolve("mine"));
    assertThat(abandoned().before(LONG_AGO.plusSeconds(1))).isEmpty();
  }
}
