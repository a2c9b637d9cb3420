package dev.tare.jobs.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tare.engine.checkpoint.CheckpointPlan;
import dev.tare.engine.checkpoint.LargestMagnitude;
import dev.tare.engine.safetensors.ElementType;
import dev.tare.jobs.artifact.FileEntry;
import dev.tare.jobs.storage.RunFolder;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.LongSupplier;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Checkpoints of 100 MB and of 4 GB, one of whose weights is larger than the heap, in processes of
 * their own; needs 6 GB of disk.
 */
@Tag("extended")
class LargeCheckpointTest {

  private static final int SMALL_LAYERS = 1;
  private static final int LARGE_LAYERS = 34;
  private static final int THREADS = 2;

  @TempDir Path folder;

  @Test
  void memoryDoesNotGrowWithTheCheckpoint() throws IOException, InterruptedException {
    long small = LargeCheckpoint.write(folder.resolve("small"), SMALL_LAYERS, false);
    CheckpointProcess.Cost least = quantize("small", "w4a16-g128", CheckpointPlan.MOST_SHARD_BYTES);
    long large = LargeCheckpoint.write(folder.resolve("large"), LARGE_LAYERS, true);
    assertThat(large).isBetween(4_000_000_000L, 4_500_000_000L);
    CheckpointProcess.Cost most = quantize("large", "w4a16-g128", CheckpointPlan.MOST_SHARD_BYTES);
    double more = (large - small) / 1e6;
    say("100 MB: %s%n4 GB: %s", least, most);
    say(
        "%.0f MB/s a core in processor time, %.0f MB/s with %d threads",
        more / (most.processorSeconds() - least.processorSeconds()),
        more / (most.seconds() - least.seconds()),
        THREADS);
    say("read: %.0f MB/s", rate(this::readAll));
    say("decode BF16 and compare: %.0f MB/s a core", rate(LargeCheckpointTest::decode));
    // The heap may fill to its limit of 512 MB, however small the checkpoint is.
    assertThat(most.peakKb()).isLessThan(least.peakKb() + 150_000);
    assertThat(most.peakKb()).isLessThan(900_000);
    RunFolder.open(folder.resolve("run-large").toString(), new Configuration()).verifyAll();
  }

  @Test
  void aKilledProcessGoesOnWhereItStopped() throws IOException, InterruptedException {
    LargeCheckpoint.write(folder.resolve("small"), 2, false);
    Path output = folder.resolve("run-small");
    Process killed =
        CheckpointProcess.start(
            folder.resolve("small"), "w4a16-g128-mse", output, 3_000_000, folder.resolve("log"));
    while (notes(output) < 3 && killed.isAlive()) {
      Thread.sleep(5);
    }
    // SIGKILL
    killed.destroyForcibly().waitFor();
    assertThat(killed.exitValue()).isEqualTo(128 + 9);
    assertThat(output.resolve("manifest.json")).doesNotExist();
    quantize("small", "w4a16-g128-mse", 3_000_000);
    assertThat(Files.readString(folder.resolve("log")))
        .containsPattern(" [1-9][0-9]* of them from an attempt before");
    List<FileEntry> resumed = files("run-small");
    Files.move(output, folder.resolve("resumed"));
    quantize("small", "w4a16-g128-mse", 3_000_000);
    assertThat(Files.readString(folder.resolve("log"))).doesNotContain("from an attempt before");
    assertThat(files("run-small")).isEqualTo(resumed);
  }

  private List<FileEntry> files(String run) throws IOException {
    var finished = RunFolder.open(folder.resolve(run).toString(), new Configuration());
    finished.verifyAll();
    return finished.manifest().files();
  }

  private CheckpointProcess.Cost quantize(String name, String recipe, long mostBytes)
      throws IOException, InterruptedException {
    Path log = folder.resolve("log");
    Process process =
        CheckpointProcess.start(
            folder.resolve(name), recipe, folder.resolve("run-" + name), mostBytes, log);
    String printed = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as(Files.readString(log)).isZero();
    say("%s", Files.readString(log).lines().filter(l -> l.contains("least exact")).toList());
    return CheckpointProcess.Cost.parse(printed);
  }

  private static long notes(Path run) {
    try (Stream<Path> files = Files.walk(run)) {
      return files.filter(file -> file.toString().endsWith(".finished.json")).count();
    } catch (IOException | java.io.UncheckedIOException e) {
      // A folder or a file that has just gone, or is not there yet.
      return 0;
    }
  }

  private static double rate(LongSupplier work) {
    long begin = System.nanoTime();
    long bytes = work.getAsLong();
    return bytes * 1e3 / (System.nanoTime() - begin);
  }

  private long readAll() {
    byte[] slice = new byte[4 << 20];
    long bytes = 0;
    try (Stream<Path> files = Files.list(folder.resolve("large"))) {
      for (Path file : new ArrayList<>(files.toList())) {
        try (InputStream in = Files.newInputStream(file)) {
          for (int n = in.read(slice); n > 0; n = in.read(slice)) {
            bytes += n;
          }
        }
      }
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
    return bytes;
  }

  private static long decode() {
    LargestMagnitude largest = new LargestMagnitude(ElementType.BF16);
    byte[] values = LargeCheckpoint.values();
    long bytes = 0;
    while (bytes < 2_000_000_000L) {
      largest.add(values, values.length);
      bytes += values.length;
    }
    assertThat(largest.value()).isPositive();
    return bytes;
  }

  private static void say(String format, Object... values) {
    System.out.printf(Locale.ROOT, format + "%n", values);
  }
}
