package dev.tare.jobs.evaluate;

import dev.tare.jobs.Printable;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * A Python of the driver.
 *
 * @param interpreter its name on the path, or its place
 */
public record PythonProcess(String interpreter) {

  private static final String VARIABLE = "TARE_PYTHON";

  /** The one that is named, or that the variable {@value #VARIABLE} names, or {@code python3}. */
  static PythonProcess of(Optional<String> interpreter) {
    return new PythonProcess(
        interpreter.orElseGet(
            () -> Optional.ofNullable(System.getenv(VARIABLE)).orElse("python3")));
  }

  /**
   * Runs a script to its end.
   *
   * @param arguments the script, or a module behind {@code -m}, and its arguments
   * @return the last line that it said, if it failed; empty if it did not
   */
  public Optional<String> failure(List<String> arguments) throws IOException {
    List<String> command = new ArrayList<>(List.of(interpreter));
    command.addAll(arguments);
    Path said = Files.createTempFile("tare-python", ".txt");
    try {
      Process process =
          new ProcessBuilder(command)
              .redirectErrorStream(true)
              .redirectOutput(said.toFile())
              .start();
      int code;
      try {
        code = process.waitFor();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new IOException("Interrupted while Python ran", e);
      } finally {
        process.destroyForcibly();
      }
      return code == 0 ? Optional.empty() : Optional.of(lastLine(said, code));
    } catch (IOException e) {
      // No such program; what else went wrong is said in the same words.
      return Optional.of(Printable.name(String.valueOf(e.getMessage())));
    } finally {
      Files.delete(said);
    }
  }

  private static String lastLine(Path said, int code) throws IOException {
    List<String> lines =
        new String(Files.readAllBytes(said), StandardCharsets.UTF_8)
            .lines()
            .filter(line -> !line.isBlank())
            .toList();
    return lines.isEmpty()
        ? "it ended with code " + code
        : Printable.name(lines.get(lines.size() - 1));
  }
}
