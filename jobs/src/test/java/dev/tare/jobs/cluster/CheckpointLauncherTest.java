package dev.tare.jobs.cluster;

import static dev.tare.jobs.run.CommandLine.tare;
import static org.assertj.core.api.Assertions.assertThat;

import dev.tare.jobs.artifact.FileEntry;
import dev.tare.jobs.artifact.Part;
import dev.tare.jobs.checkpoint.SmallCheckpoint;
import dev.tare.jobs.storage.FinishedRun;
import dev.tare.jobs.storage.RunFolder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A checkpoint by the launcher, so by spark-submit, the jar and the serializer of the product: with
 * rules for some layers and an importance file it has the bytes of the same command in this
 * process.
 */
@Tag("extended")
class CheckpointLauncherTest {

  @TempDir Path folder;

  @Test
  void rulesAndImportanceGiveTheBytesOfOneProcess() throws IOException, InterruptedException {
    Path source = SmallCheckpoint.write(folder.resolve("llama"), true);
    Path recipe =
        Files.writeString(
            folder.resolve("mine.conf"),
            """
            include "w4a16-g128-mse"
            rules = [
              { tensors = "*.self_attn.*", type = int8, granularity = per-channel }
              { tensors = "*.down_proj", type = nvfp4, group-size = 16, method = min-max }
            ]
            """);
    Path importance =
        Path.of("../engine/src/test/resources/dev/tare/engine/checkpoint/imatrix.gguf")
            .toAbsolutePath();
    List<String> words = new ArrayList<>();
    words.addAll(List.of("quantize", "--recipe", recipe.toString(), "--model", source.toString()));
    words.addAll(List.of("--importance", importance.toString(), "--output"));
    words.add(folder.resolve("here").toString());
    tare(words.toArray(String[]::new)).ends(0);

    words.set(words.size() - 1, folder.resolve("launched").toString());
    words.add(0, Path.of(System.getProperty("tare.root"), "deploy", "tare").toString());
    Path said = folder.resolve("said");
    ProcessBuilder builder =
        new ProcessBuilder(words).redirectErrorStream(true).redirectOutput(said.toFile());
    builder.environment().remove("SPARK_HOME");
    builder.environment().put("SPARK_LOCAL_IP", "127.0.0.1");
    builder.environment().put("XDG_STATE_HOME", folder.resolve("state").toString());
    builder.environment().put("SPARK_SUBMIT_OPTS", ClassArchive.SHORT);
    assertThat(builder.start().waitFor()).as(Files.readString(said)).isZero();
    assertThat(Files.readString(said))
        .contains("Weights by the rules of the recipe: 1 int4 in groups of 128; 1 int8 by rows")
        .doesNotContain("WARN", "no importance");

    FinishedRun launched = open("launched");
    launched.verifyAll();
    assertThat(model(launched)).hasSize(3).isEqualTo(model(open("here")));
    assertThat(launched.manifest().inputs()).anyMatch(input -> input.name().equals("importance"));
  }

  private FinishedRun open(String name) throws IOException {
    return RunFolder.open(folder.resolve(name).toString(), new Configuration());
  }

  private static List<FileEntry> model(FinishedRun run) {
    return run.manifest().files().stream()
        .filter(file -> file.path().startsWith(Part.MODEL_STEM + "/"))
        .toList();
  }
}
