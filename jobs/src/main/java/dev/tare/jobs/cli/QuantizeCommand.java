package dev.tare.jobs.cli;

import dev.tare.jobs.ExitCode;
import dev.tare.jobs.console.Console;
import dev.tare.jobs.quantize.QuantizeOptions;
import dev.tare.jobs.quantize.QuantizeStage;
import dev.tare.jobs.run.RunLoop;
import java.io.IOException;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code tare quantize}. */
@Command(
    name = "quantize",
    description = "Apply a plan: int8 weights as Parquet and a quantized ONNX model.",
    customSynopsis = "tare quantize --plan RUN2 --model M.onnx --output RUN3 [OPTIONS]",
    footer = "  tare quantize --plan runs/plan --model model.onnx --output runs/quantized")
public final class QuantizeCommand extends TareCommand {
  @Option(
      names = "--plan",
      required = true,
      paramLabel = "RUN",
      description = "Finished run with a plan.")
  private String plan;

  @Option(
      names = "--target",
      paramLabel = "TARGET",
      converter = Converters.Target.class,
      description =
          "Refuse a plan for another runtime than this: onnxruntime, openvino, tensorrt or tflite."
              + " A plan is for one target; select again for another.")
  private String target;

  @Mixin private ModelFlags model;
  @Mixin private OutputFlags output;

  public QuantizeCommand(Console console) {
    super(console);
  }

  @Override
  protected ExitCode execute(Console console) throws IOException {
    model.note().ifPresent(console.progress()::println);
    return new RunLoop(console).produce(output.options(), new QuantizeStage(options()));
  }

  QuantizeOptions options() {
    return new QuantizeOptions(Optional.of(plan), model.model(), Optional.ofNullable(target));
  }
}
