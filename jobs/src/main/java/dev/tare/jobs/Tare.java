package dev.tare.jobs;

import dev.tare.jobs.cli.CalibrateCommand;
import dev.tare.jobs.cli.CommandLines;
import dev.tare.jobs.cli.DemoCommand;
import dev.tare.jobs.cli.DequantizeCommand;
import dev.tare.jobs.cli.DriftCommand;
import dev.tare.jobs.cli.EvaluateCommand;
import dev.tare.jobs.cli.ExportCommand;
import dev.tare.jobs.cli.GcCommand;
import dev.tare.jobs.cli.InspectCommand;
import dev.tare.jobs.cli.MergeCommand;
import dev.tare.jobs.cli.PublishCommand;
import dev.tare.jobs.cli.QuantizeCommand;
import dev.tare.jobs.cli.ReportCommand;
import dev.tare.jobs.cli.RunCommand;
import dev.tare.jobs.cli.RunsCommand;
import dev.tare.jobs.cli.SelectCommand;
import dev.tare.jobs.cli.SensitivityCommand;
import dev.tare.jobs.cli.TareCommand;
import dev.tare.jobs.cli.VerifyCommand;
import dev.tare.jobs.console.Console;
import dev.tare.jobs.platform.Stop;
import dev.tare.jobs.storage.HadoopSettings;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;

/**
 * The entry point: the command line {@code tare SUBCOMMAND [OPTIONS]}, the same from the launcher
 * and from {@code spark-submit --class dev.tare.jobs.Tare}. The reading path continues with {@link
 * dev.tare.jobs.cli.CalibrateCommand}.
 */
public final class Tare {
  private final CommandLines commandLines;

  /**
   * A command line.
   *
   * @param out where results go, and the texts of {@code --help}
   * @param err where progress and errors go
   */
  public Tare(PrintStream out, PrintStream err) {
    this(commands(new Console(out, err)), out, err);
  }

  /** Creates a command line of other commands. */
  public Tare(List<? extends TareCommand> commands, PrintStream out, PrintStream err) {
    this.commandLines =
        new CommandLines(
            commands,
            uri -> CommandLines.remoteText(uri, HadoopSettings.ofDriver()),
            new PrintWriter(out, true, StandardCharsets.UTF_8),
            new PrintWriter(err, true, StandardCharsets.UTF_8));
  }

  /** Returns the subcommands of Tare, in the order of the help. */
  public static List<TareCommand> commands(Console console) {
    return List.of(
        new RunCommand(console),
        new CalibrateCommand(console),
        new SensitivityCommand(console),
        new SelectCommand(console),
        new QuantizeCommand(console),
        new DequantizeCommand(console),
        new EvaluateCommand(console),
        new MergeCommand(console),
        new DriftCommand(console),
        new PublishCommand(console),
        new VerifyCommand(console),
        new RunsCommand(console),
        new GcCommand(console),
        new InspectCommand(console),
        new ReportCommand(console),
        new ExportCommand(console),
        new DemoCommand(console));
  }

  /**
   * Runs a command line; exits the JVM with its code unless that is 0, since some cluster managers
   * treat an exit as a lost driver.
   */
  public static void main(String[] args) {
    // Digits and decimal points are the same on every machine, in reports as on the console.
    Locale.setDefault(Locale.ROOT);
    Stop.listen(System.err);
    int worked = new Tare(System.out, System.err).run(args);
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
}
