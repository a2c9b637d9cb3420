package dev.tare.jobs.cli;

import dev.tare.jobs.ExitCode;
import java.io.IOException;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

@Command(
    name = "demo",
    description = "Quantize a sentence-embedding model on dictionary definitions, from end to end.",
    customSynopsis = "tare demo [OPTIONS]",
    footer = "  tare demo")
final class DemoCommand extends StageCommand {
  @Option(
      names = "--samples",
      paramLabel = "N",
      defaultValue = Defaults.DEMO_SAMPLES,
      converter = Converters.Positive.class,
      description = "Definitions to calibrate on (default: ${DEFAULT-VALUE}).")
  private Integer samples;

  @Option(
      names = "--eval-samples",
      paramLabel = "N",
      defaultValue = Defaults.EVAL_SAMPLES,
      converter = Converters.Positive.class,
      description = "Other definitions to evaluate on (default: ${DEFAULT-VALUE}).")
  private Integer evalSamples;

  @Option(
      names = "--output",
      paramLabel = "RUN",
      converter = Converters.NotEmpty.class,
      description = "Run folder to write (default: a new one).")
  private String output;

  DemoCommand(Stages stages) {
    super(stages);
  }

  @Override
  ExitCode execute(Stages on) throws IOException {
    return on.demo(new DemoOptions(samples, evalSamples, Optional.ofNullable(output)));
  }
}
