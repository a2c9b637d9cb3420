package dev.tare.jobs.run;

import static dev.tare.jobs.run.CommandLine.tareAlone;
import static org.assertj.core.api.Assertions.assertThat;

import dev.tare.jobs.artifact.GateOutcome;
import dev.tare.jobs.artifact.InputRef;
import dev.tare.jobs.artifact.Manifest;
import dev.tare.jobs.artifact.Part;
import dev.tare.jobs.artifact.RunFacts;
import dev.tare.jobs.storage.FinishedRun;
import dev.tare.jobs.storage.RunFolder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PublicationTest {
  private static final String FAILURE = "cosine of 'y' is 0.90000, below 0.95000";

  @TempDir private Path temporary;
  private String name;

  @BeforeEach
  void choosesAName() {
    name = temporary.resolve("current").toString();
  }

  private FinishedRun run(String place, String gate, InputRef... inputs) throws IOException {
    RunFacts facts = RunFacts.NONE.with(GateOutcome.of(gate).orElse(GateOutcome.NONE));
    return RunFolder.at(temporary.resolve(place).toString(), Optional.empty(), new Configuration())
        .produce(
            attempt -> {
              attempt.write(Part.PLAN_JSON, "\"" + place + "\"\n");
              if (!gate.isEmpty()) {
                attempt.write(
                    Part.QUALITY,
                    """
                    {"format-version": 1, "samples": 8, "gate": "%s", "gate-failures": ["%s"], "outputs": []}
                    """
                        .formatted(gate, FAILURE));
              }
              return Manifest.draft(place, List.of("evaluate"), List.of(inputs), Map.of(), facts);
            });
  }

  private CommandLine.Result publish(FinishedRun run, String... more) {
    List<String> words =
        new java.util.ArrayList<>(List.of("publish", run.folder().path().toString(), "--as", name));
    words.addAll(List.of(more));
    return tareAlone(words.toArray(String[]::new));
  }

  private String latest() throws IOException {
    return RunFolder.open(name, new Configuration()).folder().path().getName();
  }

  @Test
  void aRunWhoseGatePassedIsPublishedOnceAndReadByItsName() throws IOException {
    FinishedRun run = run("first", "passed");
    assertThat(publish(run).ends(0).out()).contains("/current points to file:", "/first (entry 1)");
    assertThat(publish(run).ends(0).out()).contains("/first already (entry 1)");

    assertThat(tareAlone("inspect", name).ends(0).out())
        .containsPattern("name +file:.*/current")
        .containsPattern("published +20.*Z, entry 1")
        .containsPattern("points to +file:.*/first\\R")
        .contains("plan.json");
    assertThat(
            tareAlone("publish", name, "--as", temporary.resolve("production").toString())
                .ends(0)
                .out())
        .contains("/production points to file:", "/first (entry 1)");
  }

  @Test
  void aFailedGateLeavesThePointerWhereItWas() throws IOException {
    FinishedRun failed = run("second", "failed");
    assertThat(publish(failed).ends(4).err())
        .contains("second failed (" + FAILURE + "); nothing was published as file:");
    assertThat(Path.of(name)).doesNotExist();

    publish(run("first", "passed")).ends(0);
    assertThat(publish(failed).ends(4).err())
        .startsWith("tare: error: The quality gate of file:")
        .contains("/current still points to file:", "/first");
    assertThat(publish(failed, "--ungated").ends(4).err()).contains(FAILURE);
    assertThat(latest()).isEqualTo("first");
    try (var entries = Files.list(temporary.resolve("current/_LATEST"))) {
      assertThat(entries).hasSize(1);
    }
  }

  @Test
  void aRunWithoutAGateIsRefusedUnlessTheUserSaysSo() throws IOException {
    FinishedRun run = run("first", "");
    assertThat(publish(run).ends(2).err())
        .contains("first has no quality gate: name an evaluation of it by --gate")
        .contains("or publish it by --ungated");
    assertThat(Path.of(name)).doesNotExist();
    publish(run, "--ungated").ends(0);
    assertThat(latest()).isEqualTo("first");
  }

  @Test
  void theGateOfAnEvaluationDecides() throws IOException {
    FinishedRun run = run("quantized", "");
    FinishedRun good = run("good", "passed", run.asInput("quantized"));
    FinishedRun bad = run("bad", "failed", run.asInput("quantized"));
    FinishedRun unlimited = run("unlimited", "", run.asInput("quantized"));
    FinishedRun other = run("other", "passed", good.asInput("quantized"));

    assertThat(publish(run, "--gate", place(bad)).ends(4).err()).contains("bad failed (" + FAILURE);
    assertThat(publish(run, "--gate", place(other)).ends(3).err())
        .contains("other evaluated another run: file:", "/good with manifest sha256 ")
        .contains(run.manifestDigest().sha256());
    assertThat(publish(run, "--gate", place(unlimited)).ends(3).err())
        .contains("unlimited is no evaluation of a quantized run");
    assertThat(publish(run, "--gate", place(run)).ends(3).err())
        .contains("quantized is no evaluation of a quantized run; it was made by: evaluate");
    assertThat(Path.of(name)).doesNotExist();

    publish(run, "--gate", place(good)).ends(0);
    assertThat(latest()).isEqualTo("quantized");
  }

  @Test
  void aDamagedOrUnfinishedRunIsRefused() throws IOException {
    FinishedRun run = run("first", "passed");
    Files.delete(temporary.resolve("first/plan.json"));
    assertThat(publish(run).ends(3).err()).contains("first is damaged: plan.json is missing");
    Files.delete(temporary.resolve("first/manifest.json"));
    assertThat(publish(run).ends(3).err())
        .contains("first is not a finished run: it has no manifest.json");
    assertThat(Path.of(name)).doesNotExist();
  }

  private static String place(FinishedRun run) {
    return run.folder().path().toString();
  }
}
