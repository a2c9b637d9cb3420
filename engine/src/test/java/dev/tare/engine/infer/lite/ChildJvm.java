package dev.tare.engine.infer.lite;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Runs a program in a process of its own, with the class path of the test. */
final class ChildJvm {

  private ChildJvm() {}

  /**
   * How a program ended.
   *
   * @param inTime whether it did so itself
   * @param exitValue of the process
   * @param printed to both streams
   */
  record Ended(boolean inTime, int exitValue, String printed) {

    /** Asserts that it ended by itself and well. */
    void requireWell(String description) {
      assertThat(inTime).as("%s takes too long: %s", description, printed).isTrue();
      assertThat(exitValue).as("%s: %s", description, printed).isEqualTo(0);
    }
  }

  /**
   * Starts the program and waits for its end.
   *
   * @param log what it prints
   * @param seconds after which it is killed
   */
  static Ended run(
      Path log, long seconds, List<String> options, Class<?> program, List<String> arguments)
      throws IOException, InterruptedException {
    List<String> command =
        new ArrayList<>(
            List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString()));
    command.addAll(options);
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), program.getName()));
    command.addAll(arguments);
    Process process =
        new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile()).start();
    boolean ended = process.waitFor(seconds, TimeUnit.SECONDS);
    if (!ended) {
      process.destroyForcibly().waitFor();
    }
    return new Ended(
        ended, process.exitValue(), Files.readString(log, StandardCharsets.ISO_8859_1).strip());
  }
}
