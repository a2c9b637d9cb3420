package dev.tare.jobs.checkpoint;

import static dev.tare.jobs.run.CommandLine.spark;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tare.engine.checkpoint.CheckpointPlan;
import dev.tare.jobs.SparkJobs;
import dev.tare.jobs.artifact.FileEntry;
import dev.tare.jobs.artifact.Part;
import dev.tare.jobs.console.Console;
import dev.tare.jobs.run.OutputOptions;
import dev.tare.jobs.run.RunLoop;
import dev.tare.jobs.storage.Atomicity;
import dev.tare.jobs.storage.FinishedRun;
import dev.tare.jobs.storage.IfFinished;
import dev.tare.jobs.storage.RunFolder;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A killed job goes on where it stopped, and trusts nothing that it finds. */
@Tag("slow")
class ResumedCheckpointTest {

  private static final String RECIPE = "w4a16-g128";
  private static final long MOST_BYTES = 60_000;

  @TempDir Path folder;

  @Test
  void finishedFilesAreTakenIfTheyAreWholeAndMadeFromTheSame() throws IOException {
    Path source = SmallCheckpoint.write(folder.resolve("llama"), true);
    assertThat(run(source, "whole")).doesNotContain("from an attempt before");
    List<FileEntry> expected = open("whole").manifest().files();

    Path attempt = dies(source, "again");
    List<Path> finished = files(attempt.resolve("model"), ".safetensors");
    assertThat(finished).hasSize(4);
    byte[] damaged = Files.readAllBytes(finished.get(0));
    damaged[damaged.length / 2] ^= 1;
    Files.write(finished.get(0), damaged);
    Files.delete(attempt.resolve("model/." + finished.get(0).getFileName() + ".crc"));
    Files.delete(note(finished.get(1)));
    // Cut short, as by a full disk, and without the checksum of Hadoop's local file system.
    Files.writeString(note(finished.get(2)), "{\n  \"format-version\" : 1,");
    Files.delete(attempt.resolve("model/." + note(finished.get(2)).getFileName() + ".crc"));

    assertThat(run(source, "again")).contains("in 4 files, 1 of them from an attempt before");
    assertThat(open("again").manifest().files()).isEqualTo(expected);
    assertThat(attempt).doesNotExist();
    assertThat(files(folder.resolve("again/model"), "")).hasSize(4 + 3);
    open("again").verifyAll();
  }

  @Test
  void onlyFilesOfAChangedSourceAreMadeAnew() throws IOException {
    Path source = SmallCheckpoint.write(folder.resolve("llama"), true);
    dies(source, "run");
    Path second = source.resolve("b.safetensors");
    Files.setLastModifiedTime(
        second, java.nio.file.attribute.FileTime.fromMillis(1_700_000_000_000L));
    assertThat(run(source, "run")).contains("in 4 files, 2 of them from an attempt before");
    open("run").verifyAll();
  }

  /** An attempt whose driver dies when all files with tensors are there. */
  private Path dies(Path source, String name) throws IOException {
    Configuration hadoop = SparkJobs.hadoop(spark());
    CheckpointFolder checkpoint = CheckpointFolder.open(source.toString(), hadoop);
    CheckpointRecipeText recipe = CheckpointRecipes.open(RECIPE, hadoop);
    CheckpointPlan plan = CheckpointJob.plan(checkpoint, recipe, MOST_BYTES);
    RunFolder run = RunFolder.at(folder.resolve(name).toString(), Optional.empty(), hadoop);
    assertThatThrownBy(
            () ->
                run.produce(
                    attempt -> {
                      org.apache.hadoop.fs.Path model =
                          new org.apache.hadoop.fs.Path(
                              attempt.path(Part.MODEL).getParent(), Part.MODEL_STEM);
                      new CheckpointJob(spark())
                          .run(
                              checkpoint,
                              recipe,
                              plan,
                              new java.util.TreeMap<>(),
                              model,
                              List.of(),
                              file -> {
                                throw new IOException("no more power");
                              });
                      return null;
                    }))
        .hasMessageContaining("no more power");
    try (Stream<Path> entries = Files.list(folder.resolve(name))) {
      return entries
          .filter(file -> file.getFileName().toString().startsWith("_attempt-"))
          .findFirst()
          .orElseThrow();
    }
  }

  private static Path note(Path file) {
    return file.resolveSibling("." + file.getFileName() + ".finished.json");
  }

  /** What a run says to the user. */
  private String run(Path source, String name) throws IOException {
    ByteArrayOutputStream said = new ByteArrayOutputStream();
    PrintStream out = new PrintStream(said, true, StandardCharsets.UTF_8);
    new RunLoop(new Console(out, out))
        .produce(
            spark(),
            new OutputOptions(
                folder.resolve(name).toString(),
                Optional.empty(),
                IfFinished.FAIL,
                Atomicity.REQUIRED),
            new CheckpointStage(new CheckpointOptions(source.toString(), RECIPE), MOST_BYTES));
    return said.toString(StandardCharsets.UTF_8);
  }

  private FinishedRun open(String name) throws IOException {
    return RunFolder.open(folder.resolve(name).toString(), new Configuration());
  }

  private static List<Path> files(Path folder, String ending) {
    try (Stream<Path> files = Files.list(folder)) {
      return files
          .filter(file -> !file.getFileName().toString().startsWith("."))
          .filter(file -> file.toString().endsWith(ending))
          .sorted()
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
