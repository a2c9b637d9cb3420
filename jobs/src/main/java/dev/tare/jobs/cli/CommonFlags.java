package dev.tare.jobs.cli;

import picocli.CommandLine.Option;

/** Options of every subcommand that are not settings of the run. */
final class CommonFlags {
  @Option(
      order = 1000,
      names = "--config",
      paramLabel = "FILE",
      description =
          "HOCON file whose keys are the names of these options, path or URI;"
              + " the command line overrides the file.")
  String config;

  @Option(order = 1001, names = "--verbose", description = "Show the stack trace of an error.")
  boolean verbose;

  @Option(
      order = 1002,
      names = {"-h", "--help"},
      usageHelp = true,
      description = "Show this help.")
  boolean help;
}
