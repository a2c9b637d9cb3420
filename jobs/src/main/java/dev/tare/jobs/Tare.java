package dev.tare.jobs;

import dev.tare.jobs.cli.CommandLines;
import dev.tare.jobs.cli.Stages;
import dev.tare.jobs.platform.Stop;
import dev.tare.jobs.run.SparkStages;
import dev.tare.jobs.storage.HadoopSettings;
import dev.tare.jobs.storage.Locations;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * The one door: the command line {@code tare SUBCOMMAND [OPTIONS]}, the same from the launcher and
 * from {@code spark-submit --class dev.tare.jobs.Tare}.
 */
public final class Tare {
  private final CommandLines commandLines;

  /** A command line on standard output and standard error. */
  public Tare(Stages stages) {
    this(
        stages,
        new PrintWriter(System.out, true, StandardCharsets.UTF_8),
        new PrintWriter(System.err, true, StandardCharsets.UTF_8));
  }

  public Tare(Stages stages, PrintWriter out, PrintWriter err) {
    this.commandLines = new CommandLines(stages, Tare::remoteText, out, err);
  }

  /**
   * Ends the JVM with the exit code, unless it is 0: some cluster managers take an exit for a loss.
   */
  public static void main(String[] args) {
    Stop.listen(System.err);
    int worked = new Tare(new SparkStages(System.out, System.err)).run(args);
    Stop.done();
    int exitCode = Stop.reason().map(reason -> reason.exitCode().code()).orElse(worked);
    if (exitCode != ExitCode.OK.code()) {
      System.exit(exitCode);
    }
  }

  /**
   * Runs one command line.
   *
   * @return a code of {@link ExitCode}
   */
  public int run(String... args) {
    return commandLines.run(List.of(args));
  }

  private static String remoteText(String uri) {
    try {
      return Locations.readText(uri, HadoopSettings.ofDriver());
    } catch (TareException e) {
      throw TareException.usage("Cannot read the configuration: " + e.getMessage());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
