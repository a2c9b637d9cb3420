package dev.tare.jobs.faults;

import static dev.tare.jobs.run.CommandLine.gaussian;
import static dev.tare.jobs.run.CommandLine.json;
import static dev.tare.jobs.run.CommandLine.tareAlone;
import static dev.tare.jobs.run.CommandLine.write;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.tare.testkit.SmallModels;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Runs that somebody stops: they say so, soon, and leave nothing but their status. */
@Tag("slow")
class StoppedRunTest {

  /** Ten seconds is what a stop may take; a loaded machine gives a process a sixth of its time. */
  private static final long MOST_NANOS = 60_000_000_000L;

  @TempDir static Path shared;
  @TempDir Path folder;

  private static String model;
  private static String data;

  @BeforeAll
  static void inputs() throws IOException {
    model = SmallModels.exportedMlp().write(shared.resolve("model.onnx"));
    data = write(shared.resolve("data"), "x array<float>", gaussian(5000, 6, 1));
  }

  private OwnProcess run() throws IOException {
    return OwnProcess.start(
        folder,
        List.of(),
        "run",
        "--model",
        model,
        "--data",
        data,
        "--output",
        folder.resolve("run").toString());
  }

  private void stops(OwnProcess process, String signal, int code, String words)
      throws IOException, InterruptedException {
    long start = System.nanoTime();
    process.signal(signal);
    String err = process.ends(code).err();
    assertThat(System.nanoTime() - start).isLessThan(MOST_NANOS);
    assertThat(err)
        .contains("tare: " + words)
        .doesNotContain("\tat ", "Exception", "bug", "ERROR", "WARN");
    assertThat(folder.resolve("run/manifest.json")).doesNotExist();
    try (Stream<Path> temporary = Files.list(folder.resolve("tmp"))) {
      // ONNX Runtime leaves an empty folder at each end of a JVM, whatever ended it.
      assertThat(temporary.filter(p -> !p.getFileName().toString().startsWith("onnxruntime-java")))
          .isEmpty();
    }
  }

  private void leavesTheStatusAlone(int code, String words) throws IOException {
    Path run = folder.resolve("run");
    JsonNode status = json(run.resolve("status.json"));
    assertThat(status.path("outcome").asText()).isEqualTo("interrupted");
    assertThat(status.path("exit-code").asInt()).isEqualTo(code);
    assertThat(status.path("message").asText()).isEqualTo(words);
    try (Stream<Path> files = Files.list(run)) {
      assertThat(files.map(p -> p.getFileName().toString()).filter(n -> !n.startsWith(".")))
          .containsExactly("status.json");
    }
    assertThat(tareAlone("runs", folder.toString()).ends(0).out()).contains("interrupted");
  }

  @Test
  void beforeSparkHasStarted() throws IOException, InterruptedException {
    OwnProcess process = run();
    process.when(() -> Files.exists(folder.resolve("tare.log")));
    stops(process, "TERM", 143, "stopped by SIGTERM");
    assertThat(folder.resolve("run")).doesNotExist();
  }

  @Test
  void inACalibrationByTerm() throws IOException, InterruptedException {
    OwnProcess process = run().says("[1/4]");
    stops(process, "TERM", 143, "stopped by SIGTERM");
    leavesTheStatusAlone(143, "stopped by SIGTERM");
  }

  @Test
  void inAnEvaluationByTheKeyboard() throws IOException, InterruptedException {
    OwnProcess process = run().says("[4/4]");
    stops(process, "INT", 130, "stopped by Ctrl-C");
    leavesTheStatusAlone(130, "stopped by Ctrl-C");
  }

  @Test
  void byAClosedTerminal() throws IOException, InterruptedException {
    OwnProcess process = run().says("[2/4]");
    stops(process, "HUP", 143, "stopped by SIGHUP");
    leavesTheStatusAlone(143, "stopped by SIGHUP");
  }
}
