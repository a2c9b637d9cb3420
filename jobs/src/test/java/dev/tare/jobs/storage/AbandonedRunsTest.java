package dev.tare.jobs.storage;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tare.jobs.artifact.Manifest;
import dev.tare.jobs.artifact.Part;
import dev.tare.jobs.artifact.RunFacts;
import dev.tare.jobs.faults.OddFileSystem;
import dev.tare.jobs.faults.UploadsForbidden;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AbandonedRunsTest {
  private static final Instant LONG_AGO = Instant.parse("2020-01-01T00:00:00Z");
  private static final Instant LIMIT = Instant.parse("2021-01-01T00:00:00Z");

  private final Configuration hadoop = OddFileSystem.configured();
  @TempDir private Path root;

  private RunFolder folder(String place) throws IOException {
    return RunFolder.at("odd:" + root.resolve(place), Optional.empty(), hadoop);
  }

  private FinishedRun finish(String place) throws IOException {
    return folder(place)
        .produce(
            Atomicity.WHERE_POSSIBLE,
            attempt -> {
              attempt.write(Part.PLAN_JSON, "{}\n");
              return Manifest.draft("r", List.of("select"), List.of(), Map.of(), RunFacts.NONE);
            });
  }

  private RunAttempt abandon(String place) throws IOException {
    RunAttempt attempt = folder(place).begin(Atomicity.WHERE_POSSIBLE);
    attempt.write(Part.PLAN_JSON, "half");
    return attempt;
  }

  private void age(String place) throws IOException {
    try (var files = Files.walk(root.resolve(place))) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        Files.setLastModifiedTime(file, FileTime.from(LONG_AGO));
      }
    }
  }

  private RunTree tree() throws IOException {
    return RunTree.below("odd:" + root, hadoop);
  }

  private List<String> found() throws IOException {
    RunTree tree = tree();
    return AbandonedRuns.in(tree, hadoop).before(LIMIT).stream()
        .map(abandoned -> tree.relative(abandoned.path()))
        .toList();
  }

  @Test
  void anUnfinishedRunIsAbandonedWhenNothingWasWrittenForLong() throws IOException {
    abandon("team/old");
    abandon("team/young");
    abandon("team/revived");
    age("team/old");
    age("team/revived");
    assertThat(found()).containsExactly("team/old", "team/revived");

    RunTree tree = tree();
    AbandonedRuns abandoned = AbandonedRuns.in(tree, hadoop);
    List<AbandonedRuns.Abandoned> two = abandoned.before(LIMIT);
    assertThat(two.get(0).lastActivity()).isEqualTo(LONG_AGO);
    assertThat(two.get(0).files()).isEqualTo(2);
    folder("team/revived").begin(Atomicity.WHERE_POSSIBLE);

    assertThat(abandoned.remove(two.get(0))).isPresent();
    assertThat(abandoned.remove(two.get(0))).isEmpty();
    assertThat(abandoned.remove(two.get(1))).isEmpty();
    assertThat(root.resolve("team/old")).doesNotExist();
    assertThat(root.resolve("team/revived/status.json")).exists();
  }

  @Test
  void anAbandonedRunGoesThoughItsUploadsMayNotBeSeen() throws IOException {
    abandon("team/old");
    age("team/old");
    Configuration forbidden = UploadsForbidden.configured();
    AbandonedRuns abandoned =
        AbandonedRuns.in(RunTree.below("forbidden:" + root, forbidden), forbidden);
    assertThat(abandoned.remove(abandoned.before(LIMIT).get(0)))
        .hasValue(new AbandonedRuns.Removal(0, Optional.of("old: no right to list uploads")));
    assertThat(root.resolve("team/old")).doesNotExist();
  }

  @Test
  void inAFinishedRunOnlyAttemptsThatItsManifestDoesNotNameAreAbandoned() throws IOException {
    RunAttempt lost = abandon("run");
    FinishedRun run = finish("run");
    age("run");
    RunTree tree = tree();
    AbandonedRuns abandoned = AbandonedRuns.in(tree, hadoop);
    List<AbandonedRuns.Abandoned> one = abandoned.before(LIMIT);

    assertThat(one)
        .extracting(a -> a.path().toString())
        .containsExactly(lost.path(Part.PLAN_JSON).getParent().toString());
    assertThat(abandoned.remove(one.get(0))).isPresent();
    assertThat(run.damage()).isEmpty();
    assertThat(found()).isEmpty();
  }

  @Test
  void whatSomebodyPutIntoTheFolderOfAnAttemptKeepsItThere() throws IOException {
    RunAttempt lost = abandon("run");
    finish("run");
    Path plan = Path.of(lost.path(Part.PLAN).toUri().getPath());
    Files.writeString(Files.createDirectory(plan).resolve("mine.txt"), "precious");
    abandon("unfinished");
    Files.writeString(
        Files.createDirectory(root.resolve("unfinished/weights")).resolve("mine.txt"), "precious");
    age("run");
    age("unfinished");
    assertThat(found()).isEmpty();
  }

  @Test
  void whatANamePointsToOrIsNotARunsIsNeverAbandoned() throws IOException {
    FinishedRun published = finish("published");
    RunName.at("odd:" + root.resolve("current"), hadoop)
        .publish(published, Atomicity.WHERE_POSSIBLE);
    Files.delete(root.resolve("published/manifest.json"));
    finish("unreadable");
    Files.writeString(root.resolve("unreadable/manifest.json"), "{");
    abandon("foreign");
    Files.writeString(root.resolve("foreign/letter.txt"), "dear");
    Files.createDirectories(root.resolve("empty/_hidden/x"));
    for (String place : List.of("published", "unreadable", "foreign")) {
      age(place);
    }
    assertThat(tree().runs()).hasSize(3);
    assertThat(tree().names()).hasSize(1);
    assertThat(found()).isEmpty();
  }
}
