package dev.tare.jobs.cli;

import dev.tare.jobs.ExitCode;
import dev.tare.jobs.console.Console;
import dev.tare.jobs.quantize.DequantizeOptions;
import dev.tare.jobs.quantize.DequantizeStage;
import dev.tare.jobs.run.RunLoop;
import java.io.IOException;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code tare dequantize}. */
@Command(
    name = "dequantize",
    description = "Write a float model with the weights that quantization left, exactly.",
    customSynopsis = "tare dequantize RUN --output RUN2 [OPTIONS]",
    footer = "  tare dequantize runs/first --output runs/first-float")
public final class DequantizeCommand extends TareCommand {
  @Parameters(paramLabel = "RUN", description = "Finished run with a plan and quantized weights.")
  private String quantized;

  @Option(
      names = "--model",
      paramLabel = "M.onnx",
      description = "Float model (default: where the run found it).")
  private String model;

  @Mixin private OutputFlags output;

  public DequantizeCommand(Console console) {
    super(console);
  }

  @Override
  protected ExitCode execute(Console console) throws IOException {
    DequantizeOptions options = new DequantizeOptions(quantized, Optional.ofNullable(model));
    return new RunLoop(console).produce(output.options(), new DequantizeStage(options));
  }
}
