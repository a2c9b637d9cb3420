package dev.tare.jobs.cli;

import dev.tare.jobs.ExitCode;
import java.io.IOException;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
    name = "dequantize",
    description = "Give back a float model with what quantization left of the weights, exactly.",
    customSynopsis = "tare dequantize RUN --output RUN2 [OPTIONS]",
    footer = "  tare dequantize runs/first --output runs/first-float")
final class DequantizeCommand extends StageCommand {
  @Parameters(
      paramLabel = "RUN",
      converter = Converters.NotEmpty.class,
      description = "Finished run with a plan and quantized weights.")
  private String quantized;

  @Option(
      names = "--model",
      paramLabel = "M.onnx",
      converter = Converters.NotEmpty.class,
      description = "Float model (default: where the run found it).")
  private String model;

  @Mixin private OutputFlags output;

  DequantizeCommand(Stages stages) {
    super(stages);
  }

  @Override
  ExitCode execute(Stages on) throws IOException {
    return on.dequantize(
        new DequantizeOptions(quantized, Optional.ofNullable(model), output.options()));
  }
}
