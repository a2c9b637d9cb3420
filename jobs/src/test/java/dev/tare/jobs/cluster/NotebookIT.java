package dev.tare.jobs.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.tare.jobs.run.DailyRuns;
import dev.tare.jobs.run.TextRuns;
import dev.tare.testkit.PythonEnvironment;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The notebooks, executed from top to bottom by Jupyter and PySpark with the built jar. The pages
 * stay in {@code target/notebooks} for people to look at.
 */
@Tag("slow")
class NotebookIT {

  private static final Path NOTEBOOKS = Path.of(System.getProperty("tare.root"), "notebooks");
  private static final Path PAGES = Path.of("target", "notebooks").toAbsolutePath();

  private static final long MOST_MINUTES = 60;

  private static PythonEnvironment python;

  /** Of sessions whose code runs a few times. */
  private static Map<String, String> session;

  @BeforeAll
  static void prepare() throws IOException {
    python = PythonEnvironment.of(Path.of("../notebooks/requirements.txt"));
    session =
        Map.of(
            "SPARK_SUBMIT_OPTS",
            ClassArchive.options(python.home()),
            "PYSPARK_SUBMIT_ARGS",
            "--conf spark.sql.codegen.wholeStage=false pyspark-shell");
    Files.createDirectories(PAGES);
  }

  @Test
  void statisticsOfASentenceModelAreExplored() throws IOException {
    Path root = TextRuns.made();
    JsonNode seen = execute("explore-statistics", Map.of("root", root.toString()));
    assertThat(seen.path("pictures").asInt()).isEqualTo(3);
    assertThat(seen.path("tables").asInt()).isEqualTo(3);
    assertThat(page("explore-statistics")).contains("int8-2026-11-02", ".txt");
  }

  @Test
  void methodsAndBitWidthsAreComparedOnOneRun() throws IOException {
    Path root = TextRuns.made();
    JsonNode seen =
        execute("compare-methods", Map.of("root", root.toString(), "run", "int8-2026-11-02"));
    assertThat(seen.path("pictures").asInt()).isEqualTo(3);
    assertThat(seen.path("tables").asInt()).isEqualTo(2);
  }

  @Test
  void aMonthThatDriftsSetsOffTheAlarm() throws IOException {
    DailyRuns days = DailyRuns.month();
    JsonNode seen = execute("watch-drift", Map.of("root", days.root().toString()));
    assertThat(seen.path("pictures").asInt()).isEqualTo(2);
    assertThat(seen.path("tables").asInt()).isEqualTo(2);
    assertThat(page("watch-drift")).contains("30 days, day-01 to day-30", "The alarm goes off on");
  }

  /** Where a reader stands: in a clone with a built jar, first without runs and then with some. */
  @Test
  void theDocumentedCommandLineFindsJarAndRunsOfAClone(@TempDir Path clone)
      throws IOException, InterruptedException {
    String name = "explore-statistics";
    Path notebooks = Files.createDirectory(clone.resolve("notebooks"));
    Files.copy(NOTEBOOKS.resolve(name + ".ipynb"), notebooks.resolve(name + ".ipynb"));
    Path jar = Path.of(System.getProperty("tare.jar")).toAbsolutePath();
    Path target = Files.createDirectories(clone.resolve("jobs/target"));
    Files.createSymbolicLink(target.resolve(jar.getFileName()), jar);
    String line =
        Files.readAllLines(NOTEBOOKS.resolve("README.md")).stream()
            .filter(documented -> documented.startsWith("jupyter nbconvert "))
            .findFirst()
            .orElseThrow();

    assertThat(typed(clone, line, 1))
        .contains("'runs' is neither in " + notebooks.toRealPath() + " nor above it: ")
        .contains("deploy/tare demo --output runs/first")
        .doesNotContain("Py4J", "at org.apache", "at dev.tare");
    assertThat(notebooks.resolve(name + ".html")).doesNotExist();

    Path runs = Files.createDirectory(clone.resolve("runs"));
    assertThat(typed(clone, line, 1))
        .contains("No finished run below " + runs.toRealPath() + " has statistics: ")
        .doesNotContain("Py4J", "at org.apache", "at dev.tare");

    Files.delete(runs);
    Files.createSymbolicLink(runs, TextRuns.made());
    typed(clone, line, 0);
    assertThat(notebooks.resolve(name + ".html")).content().contains("int8-2026-11-02", ".txt");
  }

  private static String typed(Path folder, String line, int expected)
      throws IOException, InterruptedException {
    Path settings = Files.createDirectories(folder.resolve("jupyter"));
    // The line stays as documented; a slow machine is no failure.
    Files.writeString(
        settings.resolve("jupyter_nbconvert_config.json"),
        "{\"ExecutePreprocessor\": {\"startup_timeout\": 1800}}");
    Path said = folder.resolve("said");
    ProcessBuilder builder =
        new ProcessBuilder("bash", "-c", line)
            .directory(folder.toFile())
            .redirectErrorStream(true)
            .redirectOutput(said.toFile());
    builder.environment().put("JUPYTER_CONFIG_DIR", settings.toString());
    builder.environment().putAll(session);
    builder
        .environment()
        .merge("PATH", python.home().resolve("bin").toString(), (path, bin) -> bin + ":" + path);
    Process process = builder.start();
    if (!process.waitFor(MOST_MINUTES, TimeUnit.MINUTES)) {
      process.destroyForcibly();
    }
    int code = process.waitFor();
    String text = Files.readString(said);
    assertThat(code).as(text).isEqualTo(expected);
    return text;
  }

  private static JsonNode execute(String name, Map<String, String> parameters) throws IOException {
    List<String> arguments =
        new ArrayList<>(
            List.of(
                Path.of("src/test/python/run_notebook.py").toString(),
                NOTEBOOKS.resolve(name + ".ipynb").toString(),
                PAGES.resolve(name + ".html").toString(),
                "jar=" + System.getProperty("tare.jar")));
    parameters.forEach((key, value) -> arguments.add(key + "=" + value));
    String printed = python.script(session, arguments.toArray(String[]::new)).strip();
    JsonNode seen = new ObjectMapper().readTree(printed.substring(printed.lastIndexOf("\n{") + 1));
    assertThat(seen.path("stripped").asBoolean()).as("outputs are stripped in git").isTrue();
    assertThat(seen.path("parameters").asInt()).isEqualTo(1);
    assertThat(seen.path("unexplained")).as("a sentence before each picture").isEmpty();
    assertThat(seen.path("stderr")).isEmpty();
    return seen;
  }

  private static String page(String name) throws IOException {
    return Files.readString(PAGES.resolve(name + ".html"));
  }
}
