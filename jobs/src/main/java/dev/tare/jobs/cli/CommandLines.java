package dev.tare.jobs.cli;

import dev.tare.jobs.ExitCode;
import dev.tare.jobs.TareException;
import dev.tare.jobs.hocon.ConfigurationText;
import dev.tare.jobs.storage.Locations;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.UnaryOperator;
import org.apache.hadoop.conf.Configuration;
import picocli.CommandLine;

/** Runs a command line: configuration file, then arguments, then the stage. */
public class CommandLines {
  private final List<TareCommand> commands;
  private final UnaryOperator<String> remoteText;
  private final PrintWriter out;
  private final PrintWriter err;

  /**
   * Creates a command line.
   *
   * @param commands the subcommands, in the order of the help
   * @param remoteText reads a configuration file from a URI that is not {@code file:}
   */
  public CommandLines(
      List<? extends TareCommand> commands,
      UnaryOperator<String> remoteText,
      PrintWriter out,
      PrintWriter err) {
    this.commands = List.copyOf(commands);
    this.remoteText = remoteText;
    this.out = out;
    this.err = err;
  }

  /**
   * Parses one command line and runs its command.
   *
   * @return the exit code of {@link dev.tare.jobs.ExitCode}
   */
  public int run(List<String> arguments) {
    boolean verbose = arguments.contains("--verbose") || System.getenv("TARE_DEBUG") != null;
    Failures failures = new Failures(err, verbose);
    CommandLine line = create();
    line.setParameterExceptionHandler(failures);
    line.setExecutionExceptionHandler(failures);
    try {
      configure(line, arguments);
      return line.execute(arguments.toArray(String[]::new));
    } catch (RuntimeException | Error e) {
      return failures.report(e);
    }
  }

  /**
   * Reads a configuration file from a URI.
   *
   * @throws TareException (usage) if it cannot be read
   */
  public static String remoteText(String uri, Configuration hadoop) {
    try {
      return Locations.readText(uri, hadoop);
    } catch (TareException e) {
      throw TareException.usage("Cannot read the configuration: " + e.getMessage());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Returns the subcommands as something that can be called with named arguments. */
  public List<Subcommand> subcommands() {
    return create().getSubcommands().values().stream()
        .map(line -> Subcommand.of(line.getCommandSpec()))
        .toList();
  }

  /**
   * How a call ended.
   *
   * @param exitCode ok, or gate failed
   * @param output the run folder of arguments or configuration file; empty where none is written
   */
  public record Called(ExitCode exitCode, Optional<String> output) {}

  /**
   * Runs one command line whose failures are for a caller and not for a terminal.
   *
   * @throws TareException with the message that {@link #run} prints; other exceptions are bugs
   */
  public Called call(List<String> arguments) {
    Thrown thrown = new Thrown();
    CommandLine line = create();
    line.setParameterExceptionHandler(thrown);
    line.setExecutionExceptionHandler(thrown);
    configure(line, arguments);
    int code = line.execute(arguments.toArray(String[]::new));
    thrown.rethrow();
    CommandLine.ParseResult command = line.getParseResult().subcommand();
    Optional<String> output =
        Optional.ofNullable(command.commandSpec().findOption("--output"))
            .map(option -> option.<Object>getValue())
            .map(Object::toString);
    return new Called(
        code == ExitCode.GATE_FAILED.code() ? ExitCode.GATE_FAILED : ExitCode.OK, output);
  }

  private void configure(CommandLine line, List<String> arguments) {
    configFile(arguments)
        .map(
            location ->
                ConfigurationFile.read(
                    location,
                    new ConfigurationText(remoteText),
                    new OptionKeys(line.getCommandSpec())))
        .ifPresent(line::setDefaultValueProvider);
  }

  CommandLine create() {
    CommandLine line = new CommandLine(new RootCommand());
    for (TareCommand command : commands) {
      // Created here, since picocli does not transform the model of a subcommand that it creates
      // itself.
      CommandLine subcommand = new CommandLine(command);
      OptionGroups.apply(subcommand);
      line.addSubcommand(subcommand);
    }
    Converters.register(line);
    line.getCommandSpec().usageMessage().exitCodeList(exitCodes());
    line.setUsageHelpWidth(HelpWidth.of(System.getenv("COLUMNS")));
    line.setExpandAtFiles(false);
    line.setOut(out);
    line.setErr(err);
    return line;
  }

  private static Map<String, String> exitCodes() {
    Map<String, String> meanings = new LinkedHashMap<>();
    for (ExitCode exitCode : ExitCode.values()) {
      meanings.put(String.valueOf(exitCode.code()), exitCode.meaning());
    }
    return meanings;
  }

  /** The file is needed before picocli parses the arguments, because it sets their defaults. */
  private static Optional<String> configFile(List<String> arguments) {
    String option = "--config";
    Optional<String> found = Optional.empty();
    for (int i = 0; i < arguments.size(); i++) {
      String argument = arguments.get(i);
      if (argument.equals(option) && i + 1 < arguments.size()) {
        found = Optional.of(arguments.get(i + 1));
      } else if (argument.startsWith(option + "=")) {
        found = Optional.of(argument.substring(option.length() + 1));
      }
    }
    return found.filter(location -> !location.isBlank());
  }
}
