package dev.tare.engine.infer.lite;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tare.engine.tflite.LiteModels;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Files that somebody broke, in a process of their own, since native code ends it. */
@Tag("slow")
class MutantsTest {

  private static final int SECONDS = 20;

  /** Longer than one mutant may take, on a machine that is busy. */
  private static final int PATIENCE_SECONDS = 60;

  @TempDir private Path folder;

  /** engine/docs/targets.md has the line for an hour and other models. */
  @Test
  void theRuntimeSurvivesWhatTheReaderAccepts() throws IOException, InterruptedException {
    int seconds = Integer.getInteger("mutants.seconds", SECONDS);
    List<String> arguments =
        new ArrayList<>(
            List.of(
                folder.toString(),
                System.getProperty("mutants.seed", "0"),
                String.valueOf(seconds)));
    arguments.addAll(models());
    ChildJvm.Ended child =
        ChildJvm.run(
            folder.resolve("log"),
            seconds + PATIENCE_SECONDS,
            List.of(
                "-Xmx512m",
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-XX:-CreateCoredumpOnCrash",
                "-XX:ErrorFile=" + folder.resolve("crash.log")),
            Mutants.class,
            arguments);
    child.requireWell("seed " + Files.readString(folder.resolve("seed")));
    String printed = child.printed();
    assertThat(printed).containsPattern("[1-9][0-9]* mutants, [1-9][0-9]* read, [1-9][0-9]* run");
    System.out.println(printed.substring(printed.lastIndexOf('\n') + 1));
  }

  private List<String> models() throws IOException {
    String own = System.getProperty("mutants.models", "");
    if (!own.isEmpty()) {
      return List.of(own.split(","));
    }
    List<String> models = new ArrayList<>();
    for (String model : List.of(LiteModels.FLOAT, LiteModels.INT8)) {
      models.add(Files.write(folder.resolve(model), LiteModels.bytes(model)).toString());
    }
    return models;
  }
}
