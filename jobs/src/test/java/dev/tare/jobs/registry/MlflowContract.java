package dev.tare.jobs.registry;

import static dev.tare.jobs.run.CommandLine.gaussian;
import static dev.tare.jobs.run.CommandLine.tare;
import static dev.tare.jobs.run.CommandLine.write;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.tare.jobs.run.CommandLine;
import dev.tare.testkit.SmallModels;
import java.io.IOException;
import java.net.ServerSocket;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a registry gets from {@code tare publish --mlflow}, read by MLflow's own API. */
abstract class MlflowContract {

  @TempDir static Path folder;

  private static int folders;

  /** Address of the server. */
  abstract String server();

  /** Checks what was registered as its users do. */
  abstract void requireLoadable(String uri, String runId, Path run)
      throws IOException, InterruptedException;

  private static Path run(String... more) throws IOException {
    Path home = Files.createDirectories(folder.resolve("runs" + folders++));
    String model = SmallModels.exportedMlp().write(home.resolve("model.onnx"));
    String data = write(home.resolve("data"), "x array<float>", gaussian(60, 6, folders));
    List<String> line = new ArrayList<>(List.of("run", "--model", model, "--data", data));
    line.addAll(List.of("--output", home.resolve("first").toString()));
    line.addAll(List.of(more));
    CommandLine.Result ended = tare(line.toArray(String[]::new));
    assertThat(ended.code()).as(ended.err()).isIn(0, 4);
    return home.resolve("first");
  }

  private CommandLine.Result publish(Path run, String name, String... more) {
    List<String> line = new ArrayList<>(List.of("publish", run.toString(), "--as", name));
    line.addAll(List.of("--mlflow", server()));
    line.addAll(List.of(more));
    return tare(line.toArray(String[]::new));
  }

  private JsonNode get(String method, String query) throws IOException, InterruptedException {
    String text =
        HttpClient.newHttpClient()
            .send(
                HttpRequest.newBuilder(
                        URI.create(server() + "/api/2.0/mlflow/" + method + "?" + query))
                    .build(),
                BodyHandlers.ofString())
            .body();
    return new ObjectMapper().readTree(text);
  }

  private JsonNode versions(String model) throws IOException, InterruptedException {
    String filter =
        URLEncoder.encode(
            "name='" + model + "' and tags.tare_gate='passed'", StandardCharsets.UTF_8);
    return get("model-versions/search", "filter=" + filter).path("model_versions");
  }

  @Test
  void aRunBecomesAVersionOnceAndTheAliasPointsToIt() throws IOException, InterruptedException {
    Path run = run();
    String said = publish(run, "tiny@champion").ends(0).out();
    assertThat(said)
        .contains("models:/tiny/1 is file:" + run + "\n")
        .contains("models:/tiny@champion points to version 1");
    assertThat(publish(run, "tiny@champion").ends(0).out())
        .contains("models:/tiny/1 is file:" + run + " already");
    assertThat(versions("tiny")).hasSize(1);
    JsonNode alias =
        get("registered-models/alias", "name=tiny&alias=champion").path("model_version");
    assertThat(alias.path("version").asText()).isEqualTo("1");
    requireLoadable("models:/tiny@champion", alias.path("run_id").asText(), run);

    Path failed = run("--min-cosine", "0.9999999");
    CommandLine.Result refused = publish(failed, "tiny@champion").ends(4);
    assertThat(refused.err()).contains("failed", "models:/tiny@champion still points to version 1");
    assertThat(versions("tiny")).hasSize(1);
  }

  @Test
  void aServerThatIsNotThereEndsWithSixAndTheRunStays() throws IOException {
    int closed;
    try (ServerSocket socket = new ServerSocket(0)) {
      closed = socket.getLocalPort();
    }
    Path run = run();
    CommandLine.Result ended =
        tare("publish", run.toString(), "--as", "n", "--mlflow", "http://127.0.0.1:" + closed);
    assertThat(ended.ends(6).err())
        .contains("Cannot reach the MLflow at http://127.0.0.1:" + closed, "stays finished");
    tare("verify", run.toString()).ends(0);
    assertThat(publish(run, "a/b").ends(2).err()).contains("NAME@ALIAS");
  }
}
