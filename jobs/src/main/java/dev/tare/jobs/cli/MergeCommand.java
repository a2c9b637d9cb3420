package dev.tare.jobs.cli;

import dev.tare.jobs.ExitCode;
import java.io.IOException;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
    name = "merge",
    description = "Add up the statistics of several runs, as if one run had seen all their data.",
    customSynopsis = "tare merge --output RUN RUN1 RUN2 ... [OPTIONS]",
    footer = "  tare merge --output runs/week runs/monday runs/tuesday runs/wednesday")
final class MergeCommand extends StageCommand {
  @Parameters(
      arity = "1..*",
      paramLabel = "RUN",
      converter = Converters.NotEmpty.class,
      description = "Finished runs with statistics.")
  private List<String> runs;

  @Mixin private OutputFlags output;

  @Option(
      names = "--allow-mixed",
      description =
          "Merge statistics of different runtimes, optimization levels or CPUs; the result is"
              + " marked (default: ${DEFAULT-VALUE}).")
  private boolean allowMixed;

  MergeCommand(Stages stages) {
    super(stages);
  }

  @Override
  ExitCode execute(Stages on) throws IOException {
    return on.merge(new MergeOptions(runs, allowMixed, output.options()));
  }
}
