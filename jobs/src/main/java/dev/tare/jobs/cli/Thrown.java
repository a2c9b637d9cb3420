package dev.tare.jobs.cli;

import dev.tare.jobs.ExitCode;
import dev.tare.jobs.TareException;
import dev.tare.jobs.platform.Faults;
import java.util.Optional;
import picocli.CommandLine;
import picocli.CommandLine.IExecutionExceptionHandler;
import picocli.CommandLine.IParameterExceptionHandler;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;

/**
 * Keeps the failure of a command for its caller: picocli prints what its handlers throw. Not
 * thread-safe; for one command line.
 */
final class Thrown implements IParameterExceptionHandler, IExecutionExceptionHandler {

  private Optional<RuntimeException> failure = Optional.empty();

  @Override
  public int handleParseException(ParameterException wrong, String[] args) {
    failure = Optional.of(TareException.usage(Failures.message(wrong), wrong));
    return ExitCode.USAGE.code();
  }

  @Override
  public int handleExecutionException(Exception thrown, CommandLine line, ParseResult parsed) {
    Optional<TareException> known = TareException.find(thrown).or(() -> Faults.explain(thrown));
    failure = Optional.of(known.isPresent() ? known.get() : bug(thrown));
    return failure
        .filter(TareException.class::isInstance)
        .map(told -> ((TareException) told).exitCode())
        .orElse(ExitCode.INTERNAL)
        .code();
  }

  private static RuntimeException bug(Exception thrown) {
    return thrown instanceof RuntimeException unchecked
        ? unchecked
        : new IllegalStateException(thrown);
  }

  /** Throws what was kept; nothing if the command did not fail. */
  void rethrow() {
    if (failure.isPresent()) {
      throw failure.get();
    }
  }
}
