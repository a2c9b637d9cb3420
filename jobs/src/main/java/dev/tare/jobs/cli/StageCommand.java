package dev.tare.jobs.cli;

import dev.tare.jobs.ExitCode;
import java.io.IOException;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** A subcommand: picocli fills its fields, it makes options of them and calls the stage. */
@Command(
    modelTransformer = TrueOrFalse.class,
    sortOptions = false,
    usageHelpWidth = 100,
    synopsisHeading = "Usage: ",
    descriptionHeading = "%n",
    parameterListHeading = "%n",
    optionListHeading = "%nOptions%n",
    footerHeading = "%nExample%n")
abstract class StageCommand implements Callable<Integer> {
  private final Stages stages;

  @Mixin CommonFlags common;

  StageCommand(Stages stages) {
    this.stages = stages;
  }

  abstract ExitCode execute(Stages on) throws IOException;

  @Override
  public final Integer call() throws IOException {
    return execute(stages).code();
  }
}
