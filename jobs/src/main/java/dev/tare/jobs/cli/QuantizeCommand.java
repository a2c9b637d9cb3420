package dev.tare.jobs.cli;

import dev.tare.jobs.ExitCode;
import java.io.IOException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(
    name = "quantize",
    description = "Apply a plan: int8 weights as Parquet and a quantized ONNX model.",
    customSynopsis = "tare quantize --plan RUN2 --model M.onnx --output RUN3 [OPTIONS]",
    footer = "  tare quantize --plan runs/plan --model model.onnx --output runs/quantized")
final class QuantizeCommand extends StageCommand {
  @Option(
      names = "--plan",
      required = true,
      paramLabel = "RUN",
      converter = Converters.NotEmpty.class,
      description = "Finished run with a plan.")
  private String plan;

  @Mixin private ModelFlags model;
  @Mixin private OutputFlags output;

  QuantizeCommand(Stages stages) {
    super(stages);
  }

  @Override
  ExitCode execute(Stages on) throws IOException {
    return on.quantize(new QuantizeOptions(plan, model.model(), output.options()));
  }
}
