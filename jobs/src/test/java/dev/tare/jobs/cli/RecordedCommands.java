package dev.tare.jobs.cli;

import dev.tare.jobs.ExitCode;
import dev.tare.jobs.Tare;
import dev.tare.jobs.console.Console;
import dev.tare.jobs.evaluate.EvaluateOptions;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import picocli.CommandLine;
import picocli.CommandLine.ParseResult;

/** The command line as it is, but its commands are kept instead of run. */
public final class RecordedCommands extends CommandLines {
  private final List<Call> calls;
  private final RuntimeException failure;
  private final ExitCode result;

  /**
   * A command that was typed.
   *
   * @param values of its options and positions, by key and by label
   */
  record Call(TareCommand command, TreeMap<String, Object> values) {
    static Call of(CommandLine line) {
      TreeMap<String, Object> values = new TreeMap<>();
      line.getCommandSpec().options().stream()
          .filter(option -> !option.usageHelp())
          .forEach(option -> values.put(OptionKeys.key(option), option.getValue()));
      line.getCommandSpec()
          .positionalParameters()
          .forEach(position -> values.put(position.paramLabel(), position.getValue()));
      return new Call(line.getCommand(), values);
    }

    <T extends TareCommand> T as(Class<T> type) {
      return type.cast(command);
    }
  }

  RecordedCommands(List<Call> calls, PrintWriter out, PrintWriter err) {
    this(calls, out, err, ExitCode.OK, null);
  }

  RecordedCommands(
      List<Call> calls,
      PrintWriter out,
      PrintWriter err,
      ExitCode result,
      RuntimeException failure) {
    super(
        Tare.commands(new Console(System.out, System.err)),
        uri -> "samples = 11 # from " + uri,
        out,
        err);
    this.calls = calls;
    this.result = result;
    this.failure = failure;
  }

  @Override
  CommandLine create() {
    CommandLine line = super.create();
    line.setExecutionStrategy(this::record);
    return line;
  }

  private int record(ParseResult parsed) {
    Integer help = CommandLine.executeHelpRequest(parsed);
    if (help != null) {
      return help;
    }
    List<CommandLine> lines = parsed.asCommandLineList();
    if (lines.size() == 1) {
      return ((RootCommand) lines.get(0).getCommand()).call();
    }
    if (failure != null) {
      throw new CommandLine.ExecutionException(lines.get(1), "failed", failure);
    }
    calls.add(Call.of(lines.get(1)));
    return result.code();
  }

  /** What {@code tare evaluate} would be told. */
  public static EvaluateOptions evaluate(List<String> arguments) {
    PrintWriter err = new PrintWriter(System.err, true, StandardCharsets.UTF_8);
    List<Call> calls = new ArrayList<>();
    if (new RecordedCommands(calls, err, err).run(arguments) != 0) {
      throw new IllegalArgumentException(String.valueOf(arguments));
    }
    return calls.get(0).as(EvaluateCommand.class).options();
  }
}
