package dev.tare.jobs.checkpoint;

import dev.tare.jobs.console.Console;
import dev.tare.jobs.run.OutputOptions;
import dev.tare.jobs.run.RunLoop;
import dev.tare.jobs.storage.Atomicity;
import dev.tare.jobs.storage.IfFinished;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.apache.spark.sql.SparkSession;

/**
 * Quantizes a checkpoint in a process of its own, so that it can be measured or killed; arguments:
 * folder, recipe, output, bytes after which a file ends. What the run says goes to standard error;
 * then follow, on standard output, seconds of wall time of the command in a session that is open,
 * seconds of processor time of the whole process, and its peak resident memory in kB. Linux only.
 */
public final class CheckpointProcess {

  private CheckpointProcess() {}

  /** What the process printed. */
  record Cost(double seconds, double processorSeconds, long peakKb) {
    static Cost parse(String line) {
      String[] words = line.strip().split(" ", -1);
      return new Cost(
          Double.parseDouble(words[0]), Double.parseDouble(words[1]), Long.parseLong(words[2]));
    }
  }

  /** Starts the process with two threads; standard output is piped. */
  static Process start(Path model, String recipe, Path output, long mostBytes, Path log)
      throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.add("-Xmx512m");
    command.add("-XX:+UseSerialGC");
    ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
        .filter(argument -> argument.startsWith("--add-") || argument.startsWith("-XX:+Ignore"))
        .forEach(command::add);
    command.addAll(List.of("-cp", System.getProperty("java.class.path")));
    command.add(CheckpointProcess.class.getName());
    command.addAll(List.of(model.toString(), recipe, output.toString(), "" + mostBytes));
    return new ProcessBuilder(command).redirectError(log.toFile()).start();
  }

  public static void main(String[] arguments) throws IOException {
    try (SparkSession spark =
        SparkSession.builder()
            .master("local[2]")
            .config("spark.ui.enabled", false)
            .config("spark.driver.host", "127.0.0.1")
            .config("spark.serializer", "org.apache.spark.serializer.KryoSerializer")
            .getOrCreate()) {
      long begin = System.nanoTime();
      new RunLoop(new Console(System.err, System.err))
          .produce(
              spark,
              new OutputOptions(
                  arguments[2], Optional.empty(), IfFinished.FAIL, Atomicity.REQUIRED),
              new CheckpointStage(
                  new CheckpointOptions(arguments[0], arguments[1]), Long.parseLong(arguments[3])));
      double seconds = (System.nanoTime() - begin) / 1e9;
      double processor =
          ((com.sun.management.OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean())
                  .getProcessCpuTime()
              / 1e9;
      System.out.printf(Locale.ROOT, "%.2f %.2f %d%n", seconds, processor, peakKb());
    }
  }

  private static long peakKb() throws IOException {
    return Files.readAllLines(Path.of("/proc/self/status")).stream()
        .filter(line -> line.startsWith("VmHWM:"))
        .mapToLong(line -> Long.parseLong(line.replaceAll("[^0-9]", "")))
        .findFirst()
        .orElseThrow();
  }
}
