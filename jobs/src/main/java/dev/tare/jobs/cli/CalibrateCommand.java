package dev.tare.jobs.cli;

import dev.tare.engine.recipe.Placement;
import dev.tare.jobs.ExitCode;
import dev.tare.jobs.TareException;
import dev.tare.jobs.calibrate.CalibrateOptions;
import dev.tare.jobs.calibrate.CalibrateStage;
import dev.tare.jobs.calibrate.ObserveOptions;
import dev.tare.jobs.console.Console;
import dev.tare.jobs.run.RunLoop;
import dev.tare.jobs.stage.Rows;
import java.io.IOException;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code tare calibrate}. */
@Command(
    name = "calibrate",
    description = "Run the float model over data and keep statistics of its tensors.",
    customSynopsis = "tare calibrate --model M.onnx --data D --output RUN [OPTIONS]",
    footer = "  tare calibrate --model model.onnx --data inputs.parquet --output runs/statistics")
public final class CalibrateCommand extends TareCommand {
  @Option(
      names = "--target",
      paramLabel = "TARGET[,TARGET]",
      hideParamSyntax = true,
      split = ",",
      converter = Converters.Target.class,
      description =
          "Observe what these runtimes may quantize, so that a plan for each can be selected from"
              + " the same statistics: onnxruntime, openvino, tensorrt or tflite. Not with"
              + " --observe.")
  private List<String> targets = List.of();

  @Mixin private ModelFlags model;
  @Mixin private DataFlags data;
  @Mixin private OutputFlags output;
  @Mixin private ObserveFlags observe;

  public CalibrateCommand(Console console) {
    super(console);
  }

  @Override
  protected ExitCode execute(Console console) throws IOException {
    model.note().ifPresent(console.progress()::println);
    return new RunLoop(console).produce(output.options(), new CalibrateStage(options(), Rows.ALL));
  }

  CalibrateOptions options() {
    ObserveOptions observed = observe.options();
    if (!targets.isEmpty() && observed.chosen().isPresent()) {
      throw TareException.usage(
          "--target and --observe both say which tensors are observed: give one of them");
    }
    // Every target's all-supported placement may put scales on outputs, sums and pooling.
    Placement placement = targets.isEmpty() ? Placement.CONSTANT_WEIGHTS : Placement.ALL_SUPPORTED;
    return new CalibrateOptions(
        model.model(), data.options(model.tokenizer()), observed.forPlacement(placement));
  }
}
