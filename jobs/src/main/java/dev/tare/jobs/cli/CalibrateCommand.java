package dev.tare.jobs.cli;

import dev.tare.engine.recipe.Placement;
import dev.tare.jobs.ExitCode;
import java.io.IOException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

@Command(
    name = "calibrate",
    description = "Run the float model over data and keep statistics of its tensors.",
    customSynopsis = "tare calibrate --model M.onnx --data D --output RUN [OPTIONS]",
    footer = "  tare calibrate --model model.onnx --data inputs.parquet --output runs/statistics")
final class CalibrateCommand extends StageCommand {
  @Mixin private ModelFlags model;
  @Mixin private DataFlags data;
  @Mixin private OutputFlags output;
  @Mixin private ObserveFlags observe;

  CalibrateCommand(Stages stages) {
    super(stages);
  }

  @Override
  ExitCode execute(Stages on) throws IOException {
    return on.calibrate(
        new CalibrateOptions(
            model.model(),
            data.options(),
            observe.options().forPlacement(Placement.CONSTANT_WEIGHTS),
            output.options()));
  }
}
