package dev.tare.jobs.cli;

import dev.tare.jobs.ExitCode;
import dev.tare.jobs.console.Console;
import dev.tare.jobs.manage.Housekeeping;
import java.io.IOException;
import java.time.Duration;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code tare gc}. */
@Command(
    name = "gc",
    description = "Remove leftovers of abandoned runs; finished and published runs stay.",
    customSynopsis = "tare gc ROOT --older-than AGE [OPTIONS]",
    footer = "  tare gc runs --older-than 7d --dry-run")
public final class GcCommand extends TareCommand {
  @Parameters(paramLabel = "ROOT", description = "Folder with runs below it, path or URI.")
  private String root;

  @Option(
      names = "--older-than",
      required = true,
      paramLabel = "AGE",
      description =
          "Minimum time since the last file was written, such as 7d, 12h or 30m; must be longer than any run takes.")
  private Duration olderThan;

  @Option(
      names = "--dry-run",
      description = "Print what would be removed, and remove nothing (default: ${DEFAULT-VALUE}).")
  private boolean dryRun;

  public GcCommand(Console console) {
    super(console);
  }

  @Override
  protected ExitCode execute(Console console) throws IOException {
    return new Housekeeping(console.out()).gc(root, olderThan, dryRun);
  }
}
