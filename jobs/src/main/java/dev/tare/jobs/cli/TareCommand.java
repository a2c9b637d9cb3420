package dev.tare.jobs.cli;

import dev.tare.jobs.ExitCode;
import dev.tare.jobs.console.Console;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.IModelTransformer;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Option;

/** A subcommand: picocli sets its fields and then runs it. */
@Command(
    modelTransformer = TareCommand.Switches.class,
    sortOptions = false,
    usageHelpWidth = 100,
    synopsisHeading = "Usage: ",
    descriptionHeading = "%n",
    parameterListHeading = "%n",
    optionListHeading = "%nOptions%n",
    footerHeading = "%nExample%n")
public abstract class TareCommand implements Callable<Integer> {
  private final Console console;

  @Option(
      order = 1000,
      names = "--config",
      paramLabel = "FILE",
      description =
          "HOCON file whose keys are the names of these options, path or URI;"
              + " the command line overrides the file, a switch by =false.")
  String config;

  @Option(order = 1001, names = "--verbose", description = "Show the stack trace of an error.")
  boolean verbose;

  @Option(
      order = 1002,
      names = {"-h", "--help"},
      usageHelp = true,
      description = "Show this help.")
  boolean help;

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

  /**
   * Makes every boolean option one of {@code true|false}, false unless it is given, so that the
   * command line can turn off what a configuration file turned on; a bare flag is true.
   */
  static final class Switches implements IModelTransformer {

    @Override
    public CommandSpec transform(CommandSpec command) {
      // Help lists options in the order in which they were added, so all are added again.
      for (OptionSpec option : List.copyOf(command.options())) {
        command.remove(option);
        command.addOption(settable(option) ? switched(option) : option);
      }
      return command;
    }

    private static boolean settable(OptionSpec option) {
      return option.typeInfo().isBoolean() && !option.usageHelp() && !option.versionHelp();
    }

    private static OptionSpec switched(OptionSpec option) {
      return option.toBuilder()
          .arity("0..1")
          .fallbackValue("true")
          .defaultValue("false")
          .paramLabel("true|false")
          .converters(new Converters.Flag())
          .build();
    }
  }
}
