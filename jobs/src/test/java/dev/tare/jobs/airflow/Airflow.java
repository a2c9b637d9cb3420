package dev.tare.jobs.airflow;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tare.jobs.cluster.ClassArchive;
import dev.tare.testkit.PythonEnvironment;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;

/** An Airflow of the pinned requirements, with a home and a SQLite database of its own. */
final class Airflow {

  private static final long LIMIT_SECONDS = 1800;

  private final Path python;
  private final Path home;
  private final Map<String, String> environment;

  /**
   * What a command did.
   *
   * @param exit its exit code
   * @param said both of its streams
   */
  record Outcome(int exit, String said) {}

  /**
   * @param home a folder to make
   * @param environment variables beside those that keep this Airflow apart from any other
   */
  Airflow(Path home, Map<String, String> environment) throws IOException {
    this.python = environment();
    this.home = Files.createDirectories(home);
    this.environment = new TreeMap<>(environment);
    this.environment.put("SPARK_SUBMIT_OPTS", ClassArchive.options(python));
    Outcome migrated = run("airflow", "db", "migrate");
    assertThat(migrated.exit()).as(migrated.said()).isZero();
  }

  private Airflow(Path python, Path home, Map<String, String> environment) {
    this.python = python;
    this.home = home;
    this.environment = environment;
  }

  /** The same one, whose programs see a variable differently. */
  Airflow with(String variable, String value) {
    Map<String, String> changed = new TreeMap<>(environment);
    changed.put(variable, value);
    return new Airflow(python, home, changed);
  }

  /** The folder of the Python that the requirements are installed in. */
  static Path environment() {
    return PythonEnvironment.of(folder().resolve("requirements.txt")).home();
  }

  /** The folder of the DAG. */
  static Path folder() {
    return Path.of(System.getProperty("tare.root"), "deploy", "airflow");
  }

  /** Runs a program of the environment. */
  Outcome run(String... command) throws IOException {
    return await(start(command));
  }

  /** Starts a program of the environment. */
  Started start(String... command) throws IOException {
    Path programs = python.resolve("bin");
    List<String> words = new ArrayList<>(List.of(command));
    words.set(0, programs.resolve(command[0]).toString());
    ProcessBuilder builder = new ProcessBuilder(words);
    Map<String, String> variables = builder.environment();
    // The spark-submit of the environment's own pyspark.
    variables.remove("SPARK_HOME");
    variables.merge("PATH", programs.toString(), (path, first) -> first + ":" + path);
    variables.put("AIRFLOW_HOME", home.toString());
    variables.put("AIRFLOW__CORE__DAGS_FOLDER", folder().toString());
    variables.put("AIRFLOW__CORE__LOAD_EXAMPLES", "False");
    variables.put("AIRFLOW__USAGE_DATA_COLLECTION__ENABLED", "False");
    variables.putAll(environment);
    Path log = Files.createTempFile(home, "said", ".log");
    builder.redirectErrorStream(true).redirectOutput(log.toFile());
    return new Started(builder.start(), log);
  }

  /** Waits for the end. */
  Outcome await(Started started) throws IOException {
    Process process = started.process();
    try {
      if (!process.waitFor(LIMIT_SECONDS, TimeUnit.SECONDS)) {
        started.stop();
        throw new AssertionError(
            "Still running after %d s: %s".formatted(LIMIT_SECONDS, started.said()));
      }
    } catch (InterruptedException e) {
      started.stop();
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    }
    return new Outcome(process.exitValue(), started.said());
  }

  /**
   * A program that runs.
   *
   * @param log holds both of its streams
   */
  record Started(Process process, Path log) {

    String said() throws IOException {
      return Files.readString(log, StandardCharsets.UTF_8);
    }

    /** A process that it started, directly or not, by words of its command line. */
    Optional<ProcessHandle> descendant(String... words) {
      return process
          .descendants()
          .filter(
              handle -> {
                String line = handle.info().commandLine().orElse("");
                return List.of(words).stream().allMatch(line::contains);
              })
          .findFirst();
    }

    void stop() {
      process.descendants().forEach(ProcessHandle::destroyForcibly);
      process.destroyForcibly();
    }
  }
}
