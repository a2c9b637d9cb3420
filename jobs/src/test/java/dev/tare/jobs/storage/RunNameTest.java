package dev.tare.jobs.storage;

import static dev.tare.jobs.storage.Failing.assertFails;
import static org.assertj.core.api.Assertions.assertThat;

import dev.tare.jobs.ExitCode;
import dev.tare.jobs.artifact.Manifest;
import dev.tare.jobs.artifact.Part;
import dev.tare.jobs.artifact.RunFacts;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RunNameTest {
  private static final int ROUNDS = 300;
  private static final int RACERS = 4;

  private final Configuration hadoop = new Configuration();
  @TempDir private Path temporary;

  private FinishedRun run(String place) throws IOException {
    return RunFolder.at(temporary.resolve(place).toString(), Optional.of("r"), hadoop)
        .produce(
            attempt -> {
              attempt.write(Part.PLAN_JSON, "{\"at\": \"" + place + "\"}\n");
              return Manifest.draft("r", List.of("select"), List.of(), Map.of(), RunFacts.NONE);
            });
  }

  private RunName name(String place) throws IOException {
    return RunName.at(temporary.resolve(place).toString(), hadoop);
  }

  private FinishedRun open(String place) throws IOException {
    return RunFolder.open(temporary.resolve(place).toString(), hadoop);
  }

  @Test
  void movesForwardAndKeepsWhatWas() throws IOException {
    FinishedRun first = run("runs/first");
    FinishedRun second = run("runs/second");
    RunName name = name("runs/current");
    assertThat(name.target()).isEmpty();

    assertThat(name.publish(first, Atomicity.REQUIRED))
        .isEqualTo(new RunName.Publication(1, true, Optional.empty()));
    assertThat(name.publish(first, Atomicity.REQUIRED).added()).isFalse();
    assertThat(name.publish(second, Atomicity.REQUIRED))
        .isEqualTo(new RunName.Publication(2, true, Optional.of(first.folder().path())));
    assertThat(open("runs/current").verifiedText(Part.PLAN_JSON)).contains("second");
    assertThat(name.publish(first, Atomicity.REQUIRED).number()).isEqualTo(3);

    assertThat(open("runs/current").folder().path()).isEqualTo(first.folder().path());
    assertThat(names("runs/current/_LATEST"))
        .containsExactly("00000001.json", "00000002.json", "00000003.json");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "mailto:x",
        "a:b:c",
        "jar:file:/x.jar!/y",
        "har:///x",
        "http://127.0.0.1:9/x",
        "https://192.0.2.1/x",
        "ftp://192.0.2.1/x",
        "webhdfs://192.0.2.1/x",
        "abfs://c@192.0.2.1/x",
        "viewfs:///x",
        "//127.0.0.1/x",
        "file://127.0.0.1/x",
        "file:x",
        "?x",
        "#x",
        "../x?y",
        "hdfs:",
        "hdfs://nobody-knows-this-host.invalid/x",
      })
  @Timeout(20)
  void anEntryThatPointsToNoPlaceOfRunsIsRefusedByItsName(String uri) throws IOException {
    Path entry = Files.createDirectories(temporary.resolve("n/_LATEST")).resolve("00000001.json");
    Files.writeString(
        entry,
        """
        {"format-version": 1, "run": "%s", "manifest-sha256": "%064d",
         "published": "2026-01-01T00:00:00Z"}
        """
            .formatted(uri, 0));
    assertFails(() -> open("n"), ExitCode.BAD_INPUT, entry.toString());
  }

  @Test
  void followsARunThatMovedTogetherWithItsName() throws IOException {
    run("old/a b/first");
    name("old/a b/current").publish(run("old/a b/second"), Atomicity.REQUIRED);
    name("old/a b/second of two").publish(run("old/a b/second of two/x:y"), Atomicity.REQUIRED);
    name("old/elsewhere/current").publish(run("outside/third"), Atomicity.REQUIRED);
    Files.move(temporary.resolve("old"), temporary.resolve("new"));

    assertThat(open("new/a b/current").folder().path().toString()).endsWith("/new/a b/second");
    assertThat(open("new/a b/second of two").folder().path().toString())
        .endsWith("/new/a b/second of two/x:y");
    assertThat(open("new/elsewhere/current").folder().path().toString()).endsWith("/outside/third");
    assertThat(temporary.resolve("new/a b/current/_LATEST/00000001.json"))
        .content()
        .contains("\"run\" : \"../second\"", "\"format-version\" : 1", "\"manifest-sha256\"");
  }

  @Test
  void refusesARunThatIsGoneOrNotTheOnePublished() throws IOException {
    RunName name = name("current");
    name.publish(run("first"), Atomicity.REQUIRED);
    Path manifest = temporary.resolve("first/manifest.json");
    Files.deleteIfExists(temporary.resolve("first/.manifest.json.crc"));
    Files.writeString(
        manifest,
        Files.readString(manifest).replaceFirst("\"created\" : \"2", "\"created\" : \"3"));
    assertFails(() -> open("current"), ExitCode.BAD_INPUT, "first was published as ");
    Files.delete(manifest);
    assertFails(
        () -> open("current"),
        ExitCode.BAD_INPUT,
        "first is not a finished run: it has no manifest");
  }

  @Test
  void refusesAPlaceThatIsNoName() throws IOException {
    FinishedRun run = run("first");
    run("second");
    assertFails(
        () -> name("second").publish(run, Atomicity.REQUIRED),
        ExitCode.USAGE,
        "second: it is the folder of a run");
    Path file = Files.writeString(temporary.resolve("file"), "x");
    assertFails(
        () -> name("file").publish(run, Atomicity.REQUIRED),
        ExitCode.USAGE,
        "Cannot publish as file:" + file);
    name("current").publish(run, Atomicity.REQUIRED);
    assertFails(
        RunFolder.at(temporary.resolve("current").toString(), Optional.empty(), hadoop)::begin,
        ExitCode.USAGE,
        "current: it contains '_LATEST', which is not part of a run");
    assertFails(
        () -> open("nothing"), ExitCode.BAD_INPUT, "nothing is not a finished run: it has no");
  }

  @Test
  void ignoresWhatIsNoEntryAndRefusesABrokenOne() throws IOException {
    RunName name = name("current");
    name.publish(run("first"), Atomicity.REQUIRED);
    Path pointer = temporary.resolve("current/_LATEST");
    Files.writeString(pointer.resolve(".f.tmp"), "left by a killed publisher");
    Files.writeString(pointer.resolve("9.json"), "");
    assertThat(name.target().orElseThrow().number()).isEqualTo(1);

    Files.writeString(pointer.resolve("00000002.json"), "{}");
    assertFails(name::target, ExitCode.BAD_INPUT, "00000002.json lacks the key 'format-version'");
    Files.writeString(pointer.resolve("00000002.json"), "{\"format-version\": 2}");
    assertFails(name::target, ExitCode.BAD_INPUT, "has format version 2; this program reads 1");
  }

  @Test
  void everyRacerGetsAnEntryAndTheLastOneWins() throws Exception {
    List<FinishedRun> runs = new ArrayList<>();
    for (int racer = 0; racer < RACERS; racer++) {
      runs.add(run("run-" + racer));
    }
    ExecutorService threads = Executors.newFixedThreadPool(RACERS);
    try {
      for (int round = 0; round < ROUNDS; round++) {
        String place = "name-" + round;
        CyclicBarrier start = new CyclicBarrier(RACERS);
        List<Future<RunName.Publication>> races = new ArrayList<>();
        for (FinishedRun run : runs) {
          races.add(
              threads.submit(
                  () -> {
                    RunName name = name(place);
                    start.await();
                    return name.publish(run, Atomicity.REQUIRED);
                  }));
        }
        org.apache.hadoop.fs.Path winner = null;
        List<Long> numbers = new ArrayList<>();
        for (int racer = 0; racer < RACERS; racer++) {
          RunName.Publication publication = races.get(racer).get();
          assertThat(publication.added()).isTrue();
          numbers.add(publication.number());
          if (publication.number() == RACERS) {
            winner = runs.get(racer).folder().path();
          }
        }
        assertThat(numbers).as("round %d", round).containsExactlyInAnyOrder(1L, 2L, 3L, 4L);
        assertThat(open(place).folder().path()).isEqualTo(winner);
        assertThat(names(place + "/_LATEST")).hasSize(RACERS);
      }
    } finally {
      threads.shutdownNow();
    }
  }

  private List<String> names(String folder) throws IOException {
    try (var files = Files.list(temporary.resolve(folder))) {
      return files.map(file -> file.getFileName().toString()).sorted().toList();
    }
  }
}
