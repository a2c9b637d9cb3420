package dev.tare.jobs.cli;

import dev.tare.jobs.ExitCode;
import dev.tare.jobs.console.Console;
import java.io.IOException;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** A subcommand: picocli sets its fields and then runs it. */
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
   * @param console receives results and progress
   */
  protected TareCommand(Console console) {
    this.console = console;
  }

  /**
   * Runs the command.
   *
   * @return the exit code; a failure that the user can fix is a {@link
   *     dev.tare.jobs.TareException}, anything else is a bug
   */
  protected abstract ExitCode execute(Console on) throws IOException;

  @Override
  public final Integer call() throws IOException {
    return execute(console).code();
  }
}
