package dev.tare.jobs.cli;

import dev.tare.jobs.ExitCode;
import dev.tare.jobs.console.Console;
import java.io.IOException;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** A subcommand: picocli fills its fields, then it does its work. */
@Command(
    modelTransformer = TrueOrFalse.class,
    sortOptions = false,
    usageHelpWidth = 100,
    synopsisHeading = "Usage: ",
    descriptionHeading = "%n",
    parameterListHeading = "%n",
    optionListHeading = "%nOptions%n",
    footerHeading = "%nExample%n")
public abstract class TareCommand implements Callable<Integer> {
  private final Console console;

  @Mixin CommonFlags common;

  /**
   * @param console where results and progress go
   */
  protected TareCommand(Console console) {
    this.console = console;
  }

  /**
   * Does the work.
   *
   * @return how it ended; a failure that the user can mend is a {@link
   *     dev.tare.jobs.TareException}, anything else is a bug
   */
  protected abstract ExitCode execute(Console on) throws IOException;

  @Override
  public final Integer call() throws IOException {
    return execute(console).code();
  }
}
