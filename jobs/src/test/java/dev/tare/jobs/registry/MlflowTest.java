package dev.tare.jobs.registry;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tare.testkit.PythonEnvironment;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;

/** At a real MLflow server, whose own client loads what was registered. */
@Tag("extended")
class MlflowTest extends MlflowContract {

  private static final int LIMIT_SECONDS = 120;

  @TempDir static Path home;

  private static PythonEnvironment python;
  private static Process process;
  private static String address;

  @BeforeAll
  static void start() throws IOException, InterruptedException {
    python = PythonEnvironment.of(Path.of("src/test/python/requirements-mlflow.txt"));
    int port;
    try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      port = free.getLocalPort();
    }
    address = "http://127.0.0.1:" + port;
    process =
        new ProcessBuilder(
                python.home().resolve("bin/mlflow").toString(),
                "server",
                "--host",
                "127.0.0.1",
                "--port",
                String.valueOf(port),
                "--workers",
                "1",
                "--backend-store-uri",
                "sqlite:///" + home.resolve("mlflow.db"),
                "--artifacts-destination",
                home.resolve("artifacts").toString())
            .redirectErrorStream(true)
            .redirectOutput(home.resolve("log").toFile())
            .start();
    for (int second = 0; !healthy(); second++) {
      assertThat(process.isAlive() && second < LIMIT_SECONDS)
          .as(Files.readString(home.resolve("log")))
          .isTrue();
      Thread.sleep(1000);
    }
  }

  private static boolean healthy() throws InterruptedException {
    try {
      return HttpClient.newHttpClient()
              .send(
                  HttpRequest.newBuilder(URI.create(address + "/health"))
                      .timeout(Duration.ofSeconds(5))
                      .build(),
                  BodyHandlers.discarding())
              .statusCode()
          == 200;
    } catch (IOException e) {
      return false;
    }
  }

  @AfterAll
  static void stop() throws InterruptedException {
    if (process != null) {
      process.descendants().forEach(ProcessHandle::destroy);
      process.destroy();
      process.waitFor();
    }
  }

  @Override
  String server() {
    return address;
  }

  @Override
  void requireLoadable(String uri, String runId, Path run) {
    String said =
        python.script("src/test/python/mlflow_load.py", address, uri, runId, run.toString());
    assertThat(said.strip()).endsWith("loaded");
  }
}
