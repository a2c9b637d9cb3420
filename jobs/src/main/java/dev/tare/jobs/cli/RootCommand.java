package dev.tare.jobs.cli;

import dev.tare.jobs.Build;
import dev.tare.jobs.ExitCode;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

@Command(
    name = "tare",
    description = "Distributed post-training quantization of models on Apache Spark.",
    customSynopsis = "tare SUBCOMMAND [OPTIONS]",
    versionProvider = RootCommand.Version.class,
    sortOptions = false,
    usageHelpWidth = 100,
    synopsisHeading = "Usage: ",
    descriptionHeading = "%n",
    optionListHeading = "%nOptions%n",
    commandListHeading = "%nSubcommands (tare SUBCOMMAND --help shows options and an example)%n",
    exitCodeListHeading = "%nExit codes%n",
    footerHeading = "%nExamples%n",
    footer = {
      "  tare demo",
      "  tare run --model model.onnx --data inputs.parquet --output runs/first",
      "  tare run --config run.conf --output runs/second"
    })
final class RootCommand implements Callable<Integer> {
  @Option(
      names = {"-h", "--help"},
      usageHelp = true,
      description = "Show this help.")
  boolean help;

  @Option(
      names = {"-V", "--version"},
      versionHelp = true,
      description = "Show the versions of Tare and Spark.")
  boolean version;

  @Spec private CommandSpec spec;

  @Override
  public Integer call() {
    spec.commandLine().usage(spec.commandLine().getErr());
    spec.commandLine().getErr().println("tare: error: Missing subcommand");
    return ExitCode.USAGE.code();
  }

  static final class Version implements IVersionProvider {
    @Override
    public String[] getVersion() {
      Build build = Build.current();
      return new String[] {
        "tare %s (Spark %s, Java %s)"
            .formatted(build.version(), build.sparkVersion(), Runtime.version().feature())
      };
    }
  }
}
