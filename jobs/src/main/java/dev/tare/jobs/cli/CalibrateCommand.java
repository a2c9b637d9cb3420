package dev.tare.jobs.cli;

import dev.tare.engine.recipe.Placement;
import dev.tare.jobs.ExitCode;
import dev.tare.jobs.calibrate.CalibrateOptions;
import dev.tare.jobs.calibrate.CalibrateStage;
import dev.tare.jobs.console.Console;
import dev.tare.jobs.run.RunLoop;
import dev.tare.jobs.stage.Rows;
import java.io.IOException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code tare calibrate}. */
@Command(
    name = "calibrate",
    description = "Run the float model over data and keep statistics of its tensors.",
    customSynopsis = "tare calibrate --model M.onnx --data D --output RUN [OPTIONS]",
    footer = "  tare calibrate --model model.onnx --data inputs.parquet --output runs/statistics")
public final class CalibrateCommand extends TareCommand {
  @Mixin private ModelFlags model;
  @Mixin private DataFlags data;
  @Mixin private OutputFlags output;
  @Mixin private ObserveFlags observe;

  public CalibrateCommand(Console console) {
    super(console);
  }

  @Override
  protected ExitCode execute(Console console) throws IOException {
    return new RunLoop(console).produce(output.options(), new CalibrateStage(options(), Rows.ALL));
  }

  CalibrateOptions options() {
    return new CalibrateOptions(
        model.model(), data.options(), observe.options().forPlacement(Placement.CONSTANT_WEIGHTS));
  }
}
