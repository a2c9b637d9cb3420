package dev.tare.jobs.cli;

import dev.tare.engine.recipe.Nearest;
import dev.tare.jobs.ExitCode;
import dev.tare.jobs.Printable;
import dev.tare.jobs.TareException;
import dev.tare.jobs.platform.Faults;
import dev.tare.jobs.platform.Stop;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import picocli.CommandLine;
import picocli.CommandLine.IExecutionExceptionHandler;
import picocli.CommandLine.IParameterExceptionHandler;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;

/** Prints what went wrong to the error stream, and returns an exit code. */
final class Failures implements IParameterExceptionHandler, IExecutionExceptionHandler {
  /** Spark's options that users often put after the subcommand. */
  private static final Set<String> SPARKS =
      Set.of(
          "--master",
          "--deploy-mode",
          "--conf",
          "-c",
          "--properties-file",
          "--driver-memory",
          "--driver-cores",
          "--driver-java-options",
          "--driver-class-path",
          "--driver-library-path",
          "--executor-memory",
          "--executor-cores",
          "--total-executor-cores",
          "--num-executors",
          "--jars",
          "--packages",
          "--exclude-packages",
          "--repositories",
          "--files",
          "--archives",
          "--py-files",
          "--queue",
          "--principal",
          "--keytab",
          "--proxy-user",
          "--supervise",
          "--class",
          "--remote");

  private final PrintWriter err;
  private final boolean verbose;

  Failures(PrintWriter err, boolean verbose) {
    this.err = err;
    this.verbose = verbose;
  }

  @Override
  public int handleParseException(ParameterException failure, String[] args) {
    CommandLine line = failure.getCommandLine();
    String message = message(failure);
    String name = line.getCommandSpec().qualifiedName();
    err.println("tare: error: " + Printable.message(message));
    err.println("Try '%s --help'.".formatted(name));
    if (verbose) {
      failure.printStackTrace(err);
    }
    err.flush();
    return ExitCode.USAGE.code();
  }

  @Override
  public int handleExecutionException(
      Exception failure, CommandLine line, ParseResult parseResult) {
    return report(failure);
  }

  /** Prints one line for what the user can fix, a stack trace for a bug. */
  int report(Throwable failure) {
    Optional<Stop.Reason> stop = Stop.reason();
    if (stop.isPresent()) {
      // The user stopped the process and needs no message.
      return stop.get().exitCode().code();
    }
    Optional<TareException> known = TareException.find(failure).or(() -> Faults.explain(failure));
    ExitCode exitCode = known.map(TareException::exitCode).orElse(ExitCode.INTERNAL);
    if (verbose || exitCode == ExitCode.INTERNAL) {
      failure.printStackTrace(err);
    }
    err.println(
        "tare: error: "
            + Printable.message(known.map(Throwable::getMessage).orElseGet(failure::toString)));
    if (exitCode == ExitCode.INTERNAL) {
      err.println("This is a bug in Tare; the stack trace is above.");
    }
    err.flush();
    return exitCode.code();
  }

  /** What is wrong with the arguments, in one sentence. */
  static String message(ParameterException failure) {
    // A mistyped option also makes the intended one missing: report the cause first.
    List<String> unmatched = failure.getCommandLine().getUnmatchedArguments();
    return unmatched.isEmpty()
        ? failure.getMessage()
        : unknown(failure.getCommandLine(), unmatched.get(0));
  }

  private static String unknown(CommandLine line, String argument) {
    boolean root = line.getParent() == null;
    if (!root && SPARKS.contains(argument.replaceFirst("=.*", ""))) {
      return "'%s' is an option of Spark: put it before the subcommand".formatted(argument);
    }
    String kind = argument.startsWith("-") ? "option" : root ? "subcommand" : "argument";
    List<String> candidates = new ArrayList<>();
    if (kind.equals("option")) {
      for (OptionSpec option : line.getCommandSpec().options()) {
        candidates.add(option.longestName());
      }
    } else if (root) {
      candidates.addAll(line.getSubcommands().keySet());
    }
    String meant =
        Nearest.to(argument.replaceFirst("=.*", ""), candidates)
            .map("; did you mean '%s'?"::formatted)
            .orElse("");
    return "Unknown %s '%s'%s".formatted(kind, argument, meant);
  }
}
