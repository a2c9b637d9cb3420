package dev.tare.jobs.cli;

import dev.tare.jobs.ExitCode;
import dev.tare.jobs.console.Console;
import dev.tare.jobs.evaluate.EvaluateOptions;
import dev.tare.jobs.evaluate.EvaluateStage;
import dev.tare.jobs.evaluate.LabelOptions;
import dev.tare.jobs.evaluate.TargetOptions;
import dev.tare.jobs.run.RunLoop;
import dev.tare.jobs.stage.Rows;
import java.io.IOException;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code tare evaluate}. */
@Command(
    name = "evaluate",
    description = "Compare the quantized model with the float one on held-out data.",
    customSynopsis =
        "tare evaluate --model M.onnx --quantized RUN3 --data E --output RUN4 [OPTIONS]",
    footer = {
      "  tare evaluate --model model.onnx --quantized runs/quantized --data held-out.parquet \\",
      "      --min-cosine 0.985 --output runs/quality"
    })
public final class EvaluateCommand extends TareCommand {
  @Mixin private ModelFlags model;

  @Option(
      names = "--quantized",
      required = true,
      paramLabel = "RUN",
      description = "Finished run with a quantized model.")
  private String quantized;

  @Mixin private DataFlags data;
  @Mixin private OutputFlags output;

  @Option(
      names = "--min-cosine",
      paramLabel = "C",
      converter = Converters.Cosine.class,
      description =
          "Gate: minimum mean cosine against the float model; below it the run is finished with"
              + " exit code 4 (default: none).")
  private Double minCosine;

  @Option(
      names = "--target",
      paramLabel = "TARGET",
      converter = Converters.Target.class,
      description =
          "Also run the quantized model by this target, onnxruntime or openvino, on the driver, and"
              + " compare with what was predicted (default: it is not run).")
  private String target;

  @Mixin private QualityFlags quality;

  public EvaluateCommand(Console console) {
    super(console);
  }

  @Override
  protected ExitCode execute(Console console) throws IOException {
    model.note().ifPresent(console.progress()::println);
    return new RunLoop(console)
        .produce(output.options(), new EvaluateStage(options(), Rows.ALL, "data"));
  }

  EvaluateOptions options() {
    LabelOptions labels = quality.labels();
    return new EvaluateOptions(
        model.model(),
        Optional.of(quantized),
        data.options(model.tokenizer()).withLabels(labels.column()),
        quality.gate(minCosine),
        quality.classes(),
        quality.latency(),
        new TargetOptions(Optional.ofNullable(target), target != null, quality.python()),
        quality.sensitivity(),
        labels);
  }
}
