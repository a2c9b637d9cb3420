package dev.tare.jobs.cli;

import dev.tare.jobs.ExitCode;
import dev.tare.jobs.TareException;
import dev.tare.jobs.console.Console;
import dev.tare.jobs.report.IndexJob;
import dev.tare.jobs.report.ReportJob;
import dev.tare.jobs.run.Session;
import dev.tare.jobs.storage.HadoopSettings;
import dev.tare.jobs.storage.RunFolder;
import java.io.IOException;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code tare report}. */
@Command(
    name = "report",
    description = "Write one HTML page about a finished run, or an index of many.",
    customSynopsis = "tare report RUN [--compare RUN2] [--out FILE]",
    footer = {
      "  tare report runs/first",
      "  tare report runs/second --compare runs/first --out second.html",
      "  tare report runs"
    })
public final class ReportCommand extends TareCommand {
  @Parameters(
      paramLabel = "RUN",
      description =
          "Finished run: of all stages, or the last one of a chain, whose source runs are found. Or"
              + " a folder of runs, for an index page.")
  private String run;

  @Option(
      names = "--compare",
      paramLabel = "RUN",
      description = "Another finished run to compare with.")
  private String compare;

  @Option(
      names = "--out",
      paramLabel = "FILE",
      description =
          "The page to write, path or URI, outside any run's folder (default: report.html, and"
              + " runs.html for a folder of runs).")
  private String out;

  public ReportCommand(Console console) {
    super(console);
  }

  @Override
  protected ExitCode execute(Console console) throws IOException {
    Configuration hadoop = HadoopSettings.ofDriver();
    Optional<IndexJob> index = IndexJob.of(run, hadoop);
    if (index.isPresent()) {
      if (compare != null) {
        throw TareException.usage(
            "--compare takes two runs, and %s is a folder with %d runs below it"
                .formatted(run, index.get().runs()));
      }
      console.out().println(index.get().write(out == null ? "runs.html" : out));
      return ExitCode.OK;
    }
    // Before Spark starts: a wrong path is the most frequent mistake.
    RunFolder.open(run, hadoop);
    ReportJob job =
        new ReportJob(run, Optional.ofNullable(compare), out == null ? "report.html" : out);
    console.out().println(Session.use("report", Optional.of(run), console, job));
    return ExitCode.OK;
  }
}
