package dev.tare.jobs.cli;

import dev.tare.jobs.ExitCode;
import dev.tare.jobs.console.Console;
import dev.tare.jobs.merge.MergeOptions;
import dev.tare.jobs.merge.MergeStage;
import dev.tare.jobs.run.RunLoop;
import java.io.IOException;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code tare merge}. */
@Command(
    name = "merge",
    description = "Merge the statistics of several runs, as if one run had read all their data.",
    customSynopsis = "tare merge --output RUN RUN1 RUN2 ... [OPTIONS]",
    footer = "  tare merge --output runs/week runs/monday runs/tuesday runs/wednesday")
public final class MergeCommand extends TareCommand {
  @Parameters(arity = "1..*", paramLabel = "RUN", description = "Finished runs with statistics.")
  private List<String> runs;

  @Mixin private OutputFlags output;

  @Option(
      names = "--allow-mixed",
      description =
          "Merge statistics of different runtimes, optimization levels or CPUs; the result is"
              + " marked (default: ${DEFAULT-VALUE}).")
  private boolean allowMixed;

  public MergeCommand(Console console) {
    super(console);
  }

  @Override
  protected ExitCode execute(Console console) throws IOException {
    return new RunLoop(console).produce(output.options(), new MergeStage(options()));
  }

  MergeOptions options() {
    return new MergeOptions(runs, allowMixed);
  }
}
