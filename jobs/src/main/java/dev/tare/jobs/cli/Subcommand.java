package dev.tare.jobs.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.PositionalParamSpec;

/**
 * A subcommand as something with named arguments: its options, with underscores for hyphens, and
 * its positional parameters, named by what the help calls them.
 *
 * @param arguments required ones first, otherwise in the order of the help
 */
public record Subcommand(String name, String description, List<Argument> arguments) {

  /** Options of a terminal. */
  private static final Set<String> TERMINALS = Set.of("--verbose", "--help");

  public Subcommand {
    arguments = List.copyOf(arguments);
  }

  /**
   * An argument.
   *
   * @param name in lower case, with underscores
   * @param option the option on a command line; empty for a positional parameter
   * @param description as in the help
   * @param many whether it takes several values
   */
  public record Argument(
      String name, String option, String description, boolean required, boolean many) {}

  static Subcommand of(CommandSpec spec) {
    List<Argument> required = new ArrayList<>();
    List<Argument> others = new ArrayList<>();
    for (PositionalParamSpec positional : spec.positionalParameters()) {
      boolean many = positional.isMultiValue();
      String label = positional.paramLabel().toLowerCase(Locale.ROOT);
      required.add(
          new Argument(many ? label + "s" : label, "", text(positional.description()), true, many));
    }
    for (OptionSpec option : spec.options()) {
      if (!TERMINALS.contains(option.longestName())) {
        (option.required() ? required : others)
            .add(
                new Argument(
                    option.longestName().substring(2).replace('-', '_'),
                    option.longestName(),
                    text(option.description()),
                    option.required(),
                    false));
      }
    }
    required.addAll(others);
    return new Subcommand(spec.name(), text(spec.usageMessage().description()), required);
  }

  private static String text(String... lines) {
    return String.join(" ", lines);
  }

  /**
   * Returns the command line for some values.
   *
   * @param values by name of the argument; a single value unless it takes many
   */
  public List<String> commandLine(Map<String, List<String>> values) {
    List<String> line = new ArrayList<>(List.of(name));
    List<String> positional = new ArrayList<>();
    for (Argument argument : arguments) {
      for (String value : values.getOrDefault(argument.name(), List.of())) {
        if (argument.option().isEmpty()) {
          positional.add(value);
        } else {
          line.add(argument.option() + "=" + value);
        }
      }
    }
    if (!positional.isEmpty()) {
      // A value that begins with a hyphen is no option here.
      line.add("--");
      line.addAll(positional);
    }
    return line;
  }
}
