package dev.tare.jobs.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tare.jobs.TareException;
import dev.tare.jobs.artifact.Digest;
import dev.tare.jobs.artifact.InputRef;
import dev.tare.jobs.artifact.Manifest;
import dev.tare.jobs.artifact.Part;
import dev.tare.jobs.artifact.RunFacts;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LineageTest {

  private final Configuration hadoop = new Configuration();
  @TempDir private Path temporary;

  private FinishedRun run(String name, Part part, InputRef... inputs) throws IOException {
    RunFolder folder = RunFolder.at(place(name), Optional.empty(), hadoop);
    return folder.produce(
        attempt -> {
          attempt.write(part, name);
          return Manifest.draft(
              folder.runId(), List.of("select"), List.of(inputs), Map.of(), RunFacts.NONE);
        });
  }

  private String place(String name) {
    return temporary.resolve(name).toString();
  }

  private static List<String> ids(Lineage lineage) {
    return lineage.runs().stream().map(run -> run.folder().runId()).toList();
  }

  @Test
  void linksAreFollowedNearestFirst() throws IOException {
    FinishedRun plan = run("plan", Part.PLAN_JSON);
    FinishedRun quantized = run("quantized", Part.MODEL, plan.asInput("plan"));
    run("evaluated", Part.QUALITY, quantized.asInput("quantized"), plan.asInput("something else"));

    Lineage lineage = Lineage.of(place("evaluated"), new OpenedRuns(hadoop));
    assertThat(ids(lineage)).containsExactly("evaluated", "quantized", "plan");
    assertThat(lineage.broken()).isEmpty();
    assertThat(lineage.holding(Part.PLAN_JSON).orElseThrow().folder().path())
        .isEqualTo(plan.folder().path());
    assertThat(lineage.holding(Part.STATISTICS)).isEmpty();
  }

  @Test
  void aNameThatMovesIsReadWhereItPointedFirst() throws IOException {
    FinishedRun plan = run("plan", Part.PLAN_JSON);
    FinishedRun first = run("first", Part.MODEL, plan.asInput("plan"));
    FinishedRun second = run("second", Part.MODEL);
    RunName name = RunName.at(place("current"), hadoop);
    name.publish(first, Atomicity.REQUIRED);
    OpenedRuns opened = new OpenedRuns(hadoop);
    FinishedRun before = opened.open(place("current"));
    name.publish(second, Atomicity.REQUIRED);

    assertThat(opened.open(place("current"))).isSameAs(before);
    assertThat(ids(Lineage.of(place("current"), opened))).containsExactly("first", "plan");
    assertThat(ids(Lineage.of(place("current"), new OpenedRuns(hadoop)))).containsExactly("second");
  }

  @Test
  void whatALineageOpenedStaysWhatTheNamePointedTo() throws IOException {
    RunName name = RunName.at(place("current"), hadoop);
    name.publish(run("first", Part.MODEL), Atomicity.REQUIRED);
    OpenedRuns opened = new OpenedRuns(hadoop);
    Lineage before = Lineage.of(place("current"), opened);
    name.publish(run("second", Part.MODEL), Atomicity.REQUIRED);

    assertThat(Lineage.of(place("current"), opened)).isEqualTo(before);
    assertThat(opened.open(place("current")).folder().runId()).isEqualTo("first");
  }

  @Test
  void runsThatMovedTogetherFindEachOtherAndOneThatIsGoneIsTold() throws IOException {
    run("old/quantized", Part.MODEL, run("old/plan", Part.PLAN_JSON).asInput("plan"));
    Files.move(temporary.resolve("old"), temporary.resolve("new"));
    assertThat(ids(Lineage.of(place("new/quantized"), new OpenedRuns(hadoop))))
        .containsExactly("quantized", "plan");

    Files.move(temporary.resolve("new/plan"), temporary.resolve("elsewhere"));
    Lineage alone = Lineage.of(place("new/quantized"), new OpenedRuns(hadoop));
    assertThat(ids(alone)).containsExactly("quantized");
    assertThat(alone.broken())
        .singleElement()
        .asString()
        .startsWith("Run 'quantized' names ")
        .endsWith("/old/plan as its input 'plan', but there is no finished run");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "mailto:x",
        "http://127.0.0.1:9/x",
        "ftp://192.0.2.1/x",
        "file://h/x",
        "x",
        "file:/"
      })
  @Timeout(20)
  void aLinkToNoPlaceOfRunsIsNotFollowed(String uri) throws IOException {
    run("r", Part.MODEL, InputRef.of("plan", URI.create(uri), Digest.of("")));
    Lineage lineage = Lineage.of(place("r"), new OpenedRuns(hadoop));
    assertThat(ids(lineage)).containsExactly("r");
    assertThat(lineage.broken())
        .singleElement()
        .asString()
        .contains("Run 'r' names ", uri, "'plan'");
  }

  @Test
  void aPlaceWithoutARunIsRefused() {
    assertThatThrownBy(() -> Lineage.of(place("nothing"), new OpenedRuns(hadoop)))
        .isInstanceOf(TareException.class)
        .hasMessageContaining("nothing is not a finished run: it has no manifest.json");
  }
}
