package dev.tare.jobs.run;

import static dev.tare.jobs.run.CommandLine.contentSha256;
import static dev.tare.jobs.run.CommandLine.gaussian;
import static dev.tare.jobs.run.CommandLine.json;
import static dev.tare.jobs.run.CommandLine.spark;
import static dev.tare.jobs.run.CommandLine.tare;
import static dev.tare.jobs.run.CommandLine.write;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.tare.jobs.artifact.Digest;
import dev.tare.testkit.SmallModels;
import java.io.IOException;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What OpenLineage is told of runs, by its own transports. */
@Tag("slow")
class LineageRunTest {

  @TempDir Path folder;

  private Path model;
  private String data;

  @BeforeEach
  void inputs() throws IOException {
    model = Path.of(SmallModels.exportedMlp().write(folder.resolve("model.onnx")));
    data = write(folder.resolve("features/day=1"), "x array<float>", gaussian(60, 6, 1));
  }

  private CommandLine.Result calibrate(String data, String name) {
    return tare(
        "calibrate",
        "--model",
        model.toString(),
        "--data",
        data,
        "--output",
        folder.resolve("runs").resolve(name).toString());
  }

  @Test
  void aRunNamesWhatItReadAndWrote() throws IOException {
    Path run = folder.resolve("runs/first");
    List<JsonNode> events;
    try (LineageLog log = LineageLog.inFile(folder.resolve("home"))) {
      tare("run", "--model", model.toString(), "--data", data, "--output", run.toString()).ends(0);
      calibrate(folder.resolve("nothing.parquet").toString(), "missing").ends(3);
      events = log.events();
    }
    assertThat(events)
        .extracting(event -> event.path("eventType").asText())
        .containsExactly("START", "COMPLETE", "START", "FAIL");
    JsonNode end = events.get(1);
    assertThat(end.path("run").path("runId")).isEqualTo(events.get(0).path("run").path("runId"));
    assertThat(end.path("job").path("name").asText()).isEqualTo("tare.run.runs");
    assertThat(end.path("job").path("namespace").asText()).isEqualTo("default");
    assertThat(end.path("run").path("facets").path("processing_engine").path("version").asText())
        .isEqualTo(spark().version());

    JsonNode read = LineageLog.input(end, "model");
    assertThat(read.path("namespace").asText()).isEqualTo("file");
    assertThat(read.path("name").asText()).isEqualTo(model.toString());
    assertThat(read.path("facets").path("version").path("datasetVersion").asText())
        .isEqualTo(Digest.of(Files.readAllBytes(model)).sha256());
    JsonNode rows = LineageLog.input(end, "data");
    assertThat(rows.path("name").asText()).isEqualTo(folder.resolve("features").toString());
    assertThat(rows.path("facets").path("tare_input").path("files").asInt()).isEqualTo(1);

    JsonNode written = end.path("outputs").path(0);
    assertThat(written.path("name").asText()).isEqualTo(run.toString());
    JsonNode facets = written.path("facets");
    assertThat(facets.path("version").path("datasetVersion").asText())
        .isEqualTo(Digest.of(Files.readAllBytes(run.resolve("manifest.json"))).sha256());
    assertThat(facets.path("tare_run").path("contentSha256").asText())
        .isEqualTo(contentSha256(run));
    assertThat(facets.path("tare_run").path("stages")).hasSize(4);
    assertThat(facets.path("tare_gate").path("outcome").asText()).isEqualTo("passed");
    assertThat(facets.path("tare_gate").path("cosineMean").asDouble()).isBetween(0.95, 1.0);
    assertThat(written.path("outputFacets").path("outputStatistics").path("fileCount").asInt())
        .isEqualTo(json(run.resolve("manifest.json")).path("files").size());
    assertThat(
            events.get(3).path("run").path("facets").path("errorMessage").path("message").asText())
        .contains("nothing.parquet");
  }

  @Test
  void aTransportThatCannotBeReachedFailsNoRun() throws IOException {
    int closed;
    try (ServerSocket socket = new ServerSocket(0)) {
      closed = socket.getLocalPort();
    }
    try (LineageLog log = LineageLog.atServer(folder.resolve("home"), closed)) {
      assertThat(log).isNotNull();
      CommandLine.Result calibrated = calibrate(data, "unheard").ends(0);
      assertThat(calibrated.err()).containsOnlyOnce("Warning: no events are sent to OpenLineage: ");
    }
    assertThat(calibrate(data, "silent").ends(0).err()).doesNotContain("OpenLineage");
    assertThat(contentSha256(folder.resolve("runs/unheard")))
        .isEqualTo(contentSha256(folder.resolve("runs/silent")));
  }
}
