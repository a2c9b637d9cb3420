package dev.tare.engine.infer.lite;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tare.engine.tflite.LiteModels;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Files that somebody broke, in a process of their own, since native code ends it. */
class MutantsTest {

  private static final String SECONDS = "mutants.seconds";

  @TempDir private Path folder;

  /** Two seconds here; engine/docs/targets.md has the line for an hour and other models. */
  @Test
  void theRuntimeSurvivesWhatTheReaderAccepts() throws IOException, InterruptedException {
    String own = System.getProperty("mutants.model", "");
    Path model =
        own.isEmpty()
            ? Files.write(folder.resolve("tiny.tflite"), LiteModels.bytes(LiteModels.FLOAT))
            : Path.of(own);
    Process process =
        new ProcessBuilder(
                List.of(
                    Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                    "-Xmx512m",
                    "-XX:+UseSerialGC",
                    "-XX:TieredStopAtLevel=1",
                    "-XX:-CreateCoredumpOnCrash",
                    "-XX:ErrorFile=" + folder.resolve("crash.log"),
                    "-cp",
                    System.getProperty("java.class.path"),
                    Mutants.class.getName(),
                    model.toString(),
                    folder.toString(),
                    System.getProperty("mutants.seed", "0"),
                    System.getProperty(SECONDS, "2")))
            .redirectErrorStream(true)
            .start();
    String printed =
        new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
    int exit = process.waitFor();
    assertThat(exit)
        .as("seed %s: %s", Files.readString(folder.resolve("seed")), printed)
        .isEqualTo(0);
    assertThat(printed).containsPattern("[1-9][0-9]* mutants, [1-9][0-9]* read, [1-9][0-9]* run");
  }
}
