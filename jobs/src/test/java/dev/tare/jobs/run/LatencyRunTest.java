package dev.tare.jobs.run;

import static dev.tare.jobs.run.CommandLine.gaussian;
import static dev.tare.jobs.run.CommandLine.json;
import static dev.tare.jobs.run.CommandLine.tare;
import static dev.tare.jobs.run.CommandLine.write;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.tare.testkit.SmallModels;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** How long both models take, asked for and as a limit. */
@Tag("slow")
class LatencyRunTest {

  @TempDir Path folder;

  private CommandLine.Result run(Path output, String... more) throws IOException {
    String model = SmallModels.exportedMlp().write(folder.resolve("model.onnx"));
    String data = write(folder.resolve("data"), "x array<float>", gaussian(60, 6, 1));
    List<String> words =
        new ArrayList<>(
            List.of("run", "--model", model, "--data", data, "--output", output.toString()));
    words.addAll(List.of(more));
    return tare(words.toArray(String[]::new));
  }

  @Test
  void measuredInPairs() throws IOException {
    Path output = folder.resolve("run");
    CommandLine.Result result = run(output, "--latency").ends(0);
    assertThat(result.out()).containsPattern("latency: [0-9.]+ of the float model's \\(95 %: ");
    JsonNode quality = json(output.resolve("quality.json"));
    JsonNode latency = quality.path("latency");
    assertThat(latency.path("pairs").asInt()).isBetween(20, 400);
    assertThat(latency.path("shapes").asText()).isEqualTo("x[6]");
    assertThat(latency.path("batch").asInt())
        .isEqualTo(Math.min(8, quality.path("samples").asInt()));
    assertThat(latency.path("ratio").asDouble())
        .isBetween(latency.path("ratio-low").asDouble(), latency.path("ratio-high").asDouble());
    assertThat(latency.path("operators")).isNotEmpty();
    for (JsonNode operator : latency.path("operators")) {
      assertThat(operator.path("float-ms").isNumber()).as("%s", operator).isTrue();
      assertThat(json(output.resolve("plan.json")).toString())
          .contains("\"%s\"".formatted(operator.path("node").asText()));
    }
  }

  /** No model takes no time. */
  @Test
  void aLimitThatNothingMeetsFailsTheGate() throws IOException {
    Path output = folder.resolve("limited");
    CommandLine.Result result = run(output, "--max-latency-ratio", "0.000001").ends(4);
    assertThat(result.out()).contains("gate: failed; latency is ", ", above 1.0E-6");
  }
}
