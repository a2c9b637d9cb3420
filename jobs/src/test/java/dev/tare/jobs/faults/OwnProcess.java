package dev.tare.jobs.faults;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tare.jobs.run.CommandLine;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/** A command line in a JVM of its own, as spark-submit starts it: for signals and small heaps. */
final class OwnProcess {

  private static final long LIMIT_SECONDS = 1800;

  /** A build that runs behind nohup or in the background hands down signals that are ignored. */
  private static final List<String> LISTENING = listening();

  private final Process process;
  private final Path folder;

  private OwnProcess(Process process, Path folder) {
    this.process = process;
    this.folder = folder;
  }

  private static List<String> listening() {
    List<String> words = List.of("env", "--default-signal=INT,HUP,TERM");
    List<String> trial = new ArrayList<>(words);
    trial.add("true");
    try {
      return new ProcessBuilder(trial).start().waitFor() == 0 ? words : List.of();
    } catch (IOException e) {
      return List.of();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  /**
   * Starts.
   *
   * @param folder where its output goes, and its temporary files below {@code tmp}
   * @param options of the JVM
   */
  static OwnProcess start(Path folder, List<String> options, String... arguments)
      throws IOException {
    Path temporary = Files.createDirectories(folder.resolve("tmp"));
    List<String> command = new ArrayList<>(LISTENING);
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xmx700m"));
    for (String name :
        List.of("lang", "lang.invoke", "io", "net", "nio", "util", "util.concurrent")) {
      command.add("--add-opens=java.base/java." + name + "=ALL-UNNAMED");
    }
    command.add("--add-opens=java.base/sun.nio.ch=ALL-UNNAMED");
    Map<String, String> settings =
        Map.of(
            "spark.master",
            "local[1]",
            "spark.ui.enabled",
            "false",
            "spark.sql.shuffle.partitions",
            "2",
            "spark.sql.codegen.wholeStage",
            "false",
            "java.io.tmpdir",
            temporary.toString(),
            "tare.log.file",
            folder.resolve("tare.log").toString(),
            "log4j2.configurationFile",
            Path.of("../conf/log4j2.properties").toAbsolutePath().toUri().toString());
    settings.forEach((key, value) -> command.add("-D" + key + "=" + value));
    command.addAll(options);
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), "dev.tare.jobs.Tare"));
    command.addAll(List.of(arguments));
    Process process =
        new ProcessBuilder(command)
            .redirectOutput(folder.resolve("out").toFile())
            .redirectError(folder.resolve("err").toFile())
            .start();
    return new OwnProcess(process, folder);
  }

  String err() {
    try {
      return Files.readString(folder.resolve("err"), StandardCharsets.UTF_8);
    } catch (IOException e) {
      return "";
    }
  }

  /** Waits until something is so, or the process ends. */
  OwnProcess when(BooleanSupplier state) throws InterruptedException {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(LIMIT_SECONDS);
    while (!state.getAsBoolean() && process.isAlive() && System.nanoTime() < end) {
      Thread.sleep(5);
    }
    assertThat(process.isAlive()).as(err()).isTrue();
    return this;
  }

  OwnProcess says(String words) throws InterruptedException {
    return when(() -> err().contains(words));
  }

  /** Sends a signal, such as INT. */
  void signal(String name) throws IOException, InterruptedException {
    new ProcessBuilder("kill", "-" + name, Long.toString(process.pid())).start().waitFor();
  }

  /** Waits for the end, and asserts the exit code. */
  CommandLine.Result ends(int expected) throws IOException, InterruptedException {
    if (!process.waitFor(LIMIT_SECONDS, TimeUnit.SECONDS)) {
      process.destroyForcibly();
    }
    String out = Files.readString(folder.resolve("out"), StandardCharsets.UTF_8);
    return new CommandLine.Result(process.waitFor(), out, err()).ends(expected);
  }
}
