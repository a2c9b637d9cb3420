package dev.tare.jobs.cli;

import dev.tare.engine.export.PlanExport;
import dev.tare.jobs.ExitCode;
import dev.tare.jobs.TareException;
import dev.tare.jobs.checkpoint.GraphExport;
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
    description = "Write ranges, scales or integers of a run for another tool.",
    customSynopsis = {
      "tare export RUN --format FORMAT [--out FILE]",
      "       tare export RUN --format compressed-tensors --checkpoint FOLDER [--out FOLDER]"
    },
    footer = {
      "  tare export runs/first --format aeq-json",
      "  tare export runs/first --format tensorrt-cache --out calibration.cache",
      "  tare export runs/first --format compressed-tensors --checkpoint MiniLM --out MiniLM-w8a8"
    })
public final class ExportCommand extends TareCommand {

  private static final String FOLDER = "compressed-tensors";

  /** What can be written. */
  enum Format {
    AEQ_JSON(PlanExport.AEQ_JSON),
    TENSORRT_CACHE(PlanExport.TENSORRT_CACHE),
    COMPRESSED_TENSORS(null);

    private final Optional<PlanExport> plan;

    Format(PlanExport plan) {
      this.plan = Optional.ofNullable(plan);
    }
  }

  @Parameters(
      paramLabel = "RUN",
      description = "Finished run with a plan, or one that was made from it, path or URI.")
  private String run;

  @Option(
      names = "--format",
      required = true,
      paramLabel = "aeq-json|tensorrt-cache|compressed-tensors",
      description =
          "Ranges of activations for AI Edge Quantizer, of a plan for target tflite; or TensorRT's"
              + " calibration cache, of a plan for target tensorrt; or the int8 weights of linear"
              + " layers, with static scales of their inputs if there are such, as a checkpoint.")
  private Format format;

  @Option(
      names = "--checkpoint",
      paramLabel = "FOLDER",
      description =
          "For compressed-tensors: the float checkpoint of the same model, safetensors files and"
              + " config.json. Its values tell which parameter an initializer is.")
  private String checkpoint;

  @Option(
      names = "--mapping",
      paramLabel = "FILE",
      description =
          "For compressed-tensors: names of parameters by initializers, where values do not decide;"
              + " JSON as the export writes it (parameter-names.json).")
  private String mapping;

  @Option(
      names = "--model",
      paramLabel = "M.onnx",
      description =
          "For compressed-tensors: the float model, if it is no longer where the run read it.")
  private String model;

  @Option(
      names = "--out",
      paramLabel = "FILE",
      description =
          "The file or folder to write, path or URI, outside any run's folder (default:"
              + " aeq-ranges.json, calibration.cache or compressed-tensors).")
  private String out;

  public ExportCommand(Console console) {
    super(console);
  }

  @Override
  protected ExitCode execute(Console console) throws IOException {
    if (format.plan.isPresent()) {
      if (checkpoint != null || mapping != null || model != null) {
        throw TareException.usage("--checkpoint, --mapping and --model are for --format " + FOLDER);
      }
      return new Export(console.out()).run(run, format.plan.get(), Optional.ofNullable(out));
    }
    if (checkpoint == null) {
      throw TareException.usage(
          "Missing --checkpoint FOLDER: names of parameters come from the float checkpoint");
    }
    return new GraphExport(console)
        .run(
            run,
            checkpoint,
            Optional.ofNullable(mapping),
            Optional.ofNullable(model),
            out == null ? FOLDER : out);
  }
}
