package dev.tare.jobs.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.tare.testkit.PythonEnvironment;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The {@code spark-submit} line of {@code deploy/README.md} in the hands of Spark's own client for
 * Kubernetes, at a server that accepts every object and starts nothing.
 */
@Tag("extended")
class KubernetesSubmitTest {

  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Path ROOT = Path.of(System.getProperty("tare.root"));
  private static final String JAR = "local:///opt/tare/lib/tare-0.1.0.jar";

  @TempDir Path folder;

  /** Objects by kind, as they were asked for. */
  private final Map<String, JsonNode> created = new ConcurrentSkipListMap<>();

  @Test
  void theDocumentedLineAsksForADriverThatRunsTheCommand()
      throws IOException, InterruptedException {
    HttpServer server =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext("/", this::accept);
    server.start();
    try {
      submit(documented("http://127.0.0.1:" + server.getAddress().getPort()));
    } finally {
      server.stop(0);
    }
    assertThat(created).containsKeys("ConfigMap", "Pod", "Service");
    JsonNode spec = created.get("Pod").path("spec");
    assertThat(spec.path("serviceAccountName").asText()).isEqualTo("spark");
    JsonNode driver = spec.path("containers").path(0);
    assertThat(driver.path("image").asText()).isEqualTo("registry.example/tare:0.1.0");
    List<String> arguments = new ArrayList<>();
    driver.path("args").forEach(word -> arguments.add(word.asText()));
    assertThat(arguments)
        .startsWith("driver", "--properties-file")
        .containsSubsequence("--class", "dev.tare.jobs.Tare", JAR, "run", "--model")
        .endsWith("--output", "s3a://runs/first");
    assertThat(created.get("ConfigMap").path("data").path("spark.properties").asText())
        .contains("spark.sql.caseSensitive=true", "spark.executor.instances=4");
  }

  /** Answers as an API server does that has made the object. */
  private void accept(HttpExchange exchange) throws IOException {
    try (exchange) {
      JsonNode asked = JSON.readTree(exchange.getRequestBody());
      if (asked instanceof ObjectNode object) {
        created.put(object.path("kind").asText(), object.deepCopy());
        ((ObjectNode) object.path("metadata")).put("uid", "0").put("resourceVersion", "1");
      }
      byte[] answer = JSON.writeValueAsBytes(asked);
      exchange.getResponseHeaders().add("Content-Type", "application/json");
      exchange.sendResponseHeaders(asked.isObject() ? 201 : 404, answer.length);
      exchange.getResponseBody().write(answer);
    }
  }

  /** The words of the line, for another server. */
  private static List<String> documented(String server) throws IOException {
    String text = Files.readString(ROOT.resolve("deploy/README.md"));
    int from = text.indexOf("spark-submit --master k8s://");
    String line = text.substring(from, text.indexOf("```", from)).replace("\\\n", " ");
    List<String> words = new ArrayList<>(List.of(line.strip().split("\\s+")));
    words.set(words.indexOf("--master") + 1, "k8s://" + server);
    words.addAll(1, List.of("--conf", "spark.kubernetes.submission.waitAppCompletion=false"));
    return words;
  }

  private void submit(List<String> words) throws IOException, InterruptedException {
    Path spark =
        ClassArchive.spark(PythonEnvironment.of(Path.of("../notebooks/requirements.txt")).home());
    words.set(0, spark.resolve("bin/spark-submit").toString());
    Path said = folder.resolve("said");
    ProcessBuilder builder = new ProcessBuilder(words).directory(ROOT.toFile());
    builder.environment().put("SPARK_HOME", spark.toString());
    builder.environment().put("SPARK_SUBMIT_OPTS", ClassArchive.SHORT);
    Process process = builder.redirectErrorStream(true).redirectOutput(said.toFile()).start();
    if (!process.waitFor(10, TimeUnit.MINUTES)) {
      process.destroyForcibly();
    }
    assertThat(process.waitFor()).as(Files.readString(said)).isZero();
  }
}
