package dev.tare.jobs.cli;

import dev.tare.engine.export.PlanExport;
import dev.tare.jobs.ExitCode;
import dev.tare.jobs.console.Console;
import dev.tare.jobs.manage.Export;
import java.io.IOException;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code tare export}. */
@Command(
    name = "export",
    description = "Write the ranges or scales of a run's plan as a file for another tool.",
    customSynopsis = "tare export RUN --format FORMAT [--out FILE]",
    footer = {
      "  tare export runs/first --format aeq-json",
      "  tare export runs/first --format tensorrt-cache --out calibration.cache"
    })
public final class ExportCommand extends TareCommand {
  @Parameters(
      paramLabel = "RUN",
      description = "Finished run with a plan, or one that was made from it, path or URI.")
  private String run;

  @Option(
      names = "--format",
      required = true,
      paramLabel = "aeq-json|tensorrt-cache",
      description =
          "Ranges of activations for AI Edge Quantizer, of a plan for target tflite; or TensorRT's"
              + " calibration cache, of a plan for target tensorrt.")
  private PlanExport format;

  @Option(
      names = "--out",
      paramLabel = "FILE",
      description =
          "The file to write, path or URI, outside any run's folder (default: aeq-ranges.json or"
              + " calibration.cache).")
  private String out;

  public ExportCommand(Console console) {
    super(console);
  }

  @Override
  protected ExitCode execute(Console console) throws IOException {
    return new Export(console.out()).run(run, format, Optional.ofNullable(out));
  }
}
