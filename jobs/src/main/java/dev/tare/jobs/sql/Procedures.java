package dev.tare.jobs.sql;

import dev.tare.jobs.ExitCode;
import dev.tare.jobs.SparkJobs;
import dev.tare.jobs.TareException;
import dev.tare.jobs.cli.CalibrateCommand;
import dev.tare.jobs.cli.CommandLines;
import dev.tare.jobs.cli.DriftCommand;
import dev.tare.jobs.cli.EvaluateCommand;
import dev.tare.jobs.cli.GcCommand;
import dev.tare.jobs.cli.MergeCommand;
import dev.tare.jobs.cli.PublishCommand;
import dev.tare.jobs.cli.QuantizeCommand;
import dev.tare.jobs.cli.RunCommand;
import dev.tare.jobs.cli.SelectCommand;
import dev.tare.jobs.cli.Subcommand;
import dev.tare.jobs.cli.VerifyCommand;
import dev.tare.jobs.console.Console;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import org.apache.spark.sql.SparkSession;

/** The subcommands that {@code CALL} can run. Each call has commands of its own. */
final class Procedures {

  private Procedures() {}

  /**
   * How a command ended.
   *
   * @param exitCode ok, or gate failed
   * @param output the run folder that it wrote; empty for commands that write none
   * @param out what it printed as results
   */
  record Ended(ExitCode exitCode, Optional<String> output, String out) {}

  private static CommandLines commands(Console console) {
    return new CommandLines(
        List.of(
            new RunCommand(console),
            new CalibrateCommand(console),
            new SelectCommand(console),
            new QuantizeCommand(console),
            new EvaluateCommand(console),
            new MergeCommand(console),
            new DriftCommand(console),
            new PublishCommand(console),
            new VerifyCommand(console),
            new GcCommand(console)),
        uri -> CommandLines.remoteText(uri, SparkJobs.hadoop(SparkSession.active())),
        new PrintWriter(console.out(), true, StandardCharsets.UTF_8),
        new PrintWriter(console.progress(), true, StandardCharsets.UTF_8));
  }

  /** The subcommands, in the order of the help. */
  static List<Subcommand> all() {
    PrintStream nowhere = new PrintStream(PrintStream.nullOutputStream());
    return commands(new Console(nowhere, nowhere)).subcommands();
  }

  /**
   * Runs a command line in the session that is active.
   *
   * @throws TareException if it failed otherwise than at a gate
   */
  static Ended call(List<String> commandLine) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (PrintStream results = new PrintStream(out, true, StandardCharsets.UTF_8);
        PrintStream progress = new PrintStream(PrintStream.nullOutputStream())) {
      CommandLines.Called called = commands(new Console(results, progress)).call(commandLine);
      return new Ended(called.exitCode(), called.output(), out.toString(StandardCharsets.UTF_8));
    } catch (TareException e) {
      if (e.exitCode() != ExitCode.GATE_FAILED) {
        throw e;
      }
      // As publish refuses a run whose gate failed.
      return new Ended(e.exitCode(), Optional.empty(), e.getMessage());
    }
  }
}
