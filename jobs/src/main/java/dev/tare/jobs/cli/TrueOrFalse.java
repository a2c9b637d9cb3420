package dev.tare.jobs.cli;

import java.util.List;
import picocli.CommandLine.IModelTransformer;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

/**
 * Makes every boolean option one of {@code true|false}, false unless it is given, so that the
 * command line can turn off what a configuration file turned on; a bare flag is true.
 */
final class TrueOrFalse implements IModelTransformer {

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
