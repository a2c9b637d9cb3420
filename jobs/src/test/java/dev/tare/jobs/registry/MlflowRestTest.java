package dev.tare.jobs.registry;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.SortedMap;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;

/** At a server that answers as MLflow does. */
@Tag("slow")
class MlflowRestTest extends MlflowContract {

  private static PretendedMlflow mlflow;

  @BeforeAll
  static void start() throws IOException {
    mlflow = new PretendedMlflow();
  }

  @AfterAll
  static void stop() {
    mlflow.close();
  }

  @Override
  String server() {
    return mlflow.address();
  }

  @Override
  void requireLoadable(String uri, String runId, Path run) throws IOException {
    SortedMap<String, byte[]> artifacts = mlflow.artifacts();
    String place = "7/" + runId + "/artifacts/";
    assertThat(artifacts.get(place + "model/model.onnx"))
        .isEqualTo(Files.readAllBytes(run.resolve("model.onnx")));
    assertThat(artifacts.get(place + "plan.json"))
        .isEqualTo(Files.readAllBytes(run.resolve("plan.json")));
    assertThat(artifacts)
        .containsKeys(
            place + "report.html",
            place + "quality.json",
            place + "manifest.json",
            place + "model/requirements.txt",
            place + "model/conda.yaml",
            place + "model/python_env.yaml");
    JsonNode model = new ObjectMapper().readTree(artifacts.get(place + "model/MLmodel"));
    assertThat(model.path("flavors").path("onnx").path("data").asText()).isEqualTo("model.onnx");
    assertThat(model.path("signature").path("inputs").asText())
        .contains("\"dtype\":\"float32\"", "\"name\":\"x\"");
  }
}
