package dev.tare.jobs.cli;

import dev.tare.jobs.ExitCode;
import dev.tare.jobs.console.Console;
import dev.tare.jobs.report.ReportJob;
import dev.tare.jobs.run.Session;
import java.io.IOException;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code tare report}. */
@Command(
    name = "report",
    description = "Write one HTML page about a finished run.",
    customSynopsis = "tare report RUN [--compare RUN2] [--out FILE]",
    footer = {
      "  tare report runs/first",
      "  tare report runs/second --compare runs/first --out second.html"
    })
public final class ReportCommand extends TareCommand {
  @Parameters(
      paramLabel = "RUN",
      description =
          "Finished run: of all stages, or the last one of a chain, whose source runs are found.")
  private String run;

  @Option(
      names = "--compare",
      paramLabel = "RUN",
      description = "Another finished run to compare with.")
  private String compare;

  @Option(
      names = "--out",
      paramLabel = "FILE",
      defaultValue = "report.html",
      description =
          "The page to write, path or URI, outside any run's folder (default: ${DEFAULT-VALUE}).")
  private String out;

  public ReportCommand(Console console) {
    super(console);
  }

  @Override
  protected ExitCode execute(Console console) throws IOException {
    ReportJob job = new ReportJob(run, Optional.ofNullable(compare), out);
    console.out().println(Session.use("report", Optional.of(run), console, job));
    return ExitCode.OK;
  }
}
