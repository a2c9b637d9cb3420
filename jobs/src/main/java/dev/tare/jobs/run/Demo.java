package dev.tare.jobs.run;

import dev.tare.engine.recipe.Role;
import dev.tare.jobs.ExitCode;
import dev.tare.jobs.artifact.Quality;
import dev.tare.jobs.calibrate.CalibrateResult;
import dev.tare.jobs.calibrate.PlainInference;
import dev.tare.jobs.cli.Channels;
import dev.tare.jobs.cli.DataOptions;
import dev.tare.jobs.cli.Defaults;
import dev.tare.jobs.cli.DemoOptions;
import dev.tare.jobs.cli.GateOptions;
import dev.tare.jobs.cli.ObserveOptions;
import dev.tare.jobs.cli.OutputOptions;
import dev.tare.jobs.cli.RunOptions;
import dev.tare.jobs.image.ImageOptions;
import dev.tare.jobs.input.DataFormat;
import dev.tare.jobs.model.ModelHandle;
import dev.tare.jobs.storage.IfFinished;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

/** The first thing a newcomer sees: a real model, real text, all four stages, and a table. */
final class Demo {

  private static final int MAX_LENGTH = 128;
  private static final int BATCH_SIZE = 8;
  private static final int SAMPLES = 256;

  private final SparkSession spark;
  private final PrintStream out;
  private final PrintStream progress;

  Demo(SparkSession spark, PrintStream out, PrintStream progress) {
    this.spark = spark;
    this.out = out;
    this.progress = progress;
  }

  ExitCode run(DemoOptions options) throws IOException {
    DemoFiles files = DemoFiles.find();
    Path text = files.home().resolve("definitions.txt");
    List<String> definitions = files.definitions();
    Files.write(text, definitions, StandardCharsets.UTF_8);
    progress.printf(
        "Model: all-MiniLM-L6-v2, sentence embeddings. Text: %d definitions of WordNet 3.1.%n",
        definitions.size());
    String output =
        options.output().isPresent() ? options.output().get() : files.newRun().toString();
    RunOptions runOptions = runOptions(options, files, text, output);
    RunStage.Outcome outcome =
        new RunStage(spark, progress, new Progress(progress, 4)).run(runOptions, this::overPlain);
    if (outcome.details().isPresent()) {
      table(outcome.details().get(), output);
    }
    return outcome.exitCode();
  }

  private static RunOptions runOptions(
      DemoOptions options, DemoFiles files, Path text, String output) {
    return new RunOptions(
        files.asset("all-minilm-l6-v2.onnx").toString(),
        new DataOptions(
            text.toString(),
            DataFormat.TEXT,
            Optional.empty(),
            Optional.of(files.asset("all-minilm-l6-v2-tokenizer.json").toString()),
            MAX_LENGTH,
            OptionalInt.of(options.samples().orElse(SAMPLES)),
            OptionalInt.empty(),
            BATCH_SIZE,
            ImageOptions.DEFAULT,
            0),
        new ObserveOptions(
            Optional.empty(), Channels.AUTO, Integer.parseInt(Defaults.CHANNEL_BITS)),
        options.recipe().orElse(Defaults.RECIPE),
        Optional.empty(),
        options.evalSamples().orElse(SAMPLES),
        new GateOptions(
            OptionalDouble.of(Double.parseDouble(Defaults.RUN_MIN_COSINE)),
            OptionalDouble.empty(),
            OptionalDouble.empty()),
        Optional.empty(),
        OptionalInt.empty(),
        new OutputOptions(output, Optional.empty(), IfFinished.FAIL));
  }

  private double overPlain(ModelHandle model, Dataset<Row> samples, CalibrateResult result) {
    long plain = PlainInference.nanos(spark, model, samples, result.safeBatchSize());
    return (double) (result.runNanos() + result.observeNanos()) / plain;
  }

  private void table(RunStage.Details details, String output) throws IOException {
    Quality.OutputQuality headline = details.quality().headline();
    long before = details.quantization().modelBytes();
    long after = Files.size(Path.of(output, "model.onnx"));
    out.println();
    row(
        "tensors quantized",
        "%d weights and %d activations",
        details.plan().quantized(Role.WEIGHT).size(),
        details.plan().quantized(Role.ACTIVATION).size());
    row(
        "bytes before and after",
        "%s -> %s",
        Summaries.megabytes(before),
        Summaries.megabytes(after));
    row(
        "cosine to float, unseen text",
        "mean %.4f, minimum %.4f (%d definitions)",
        headline.cosineMean(),
        headline.cosineMin(),
        details.quality().samples());
    row(
        "same nearest neighbour",
        "%.1f %% of %d",
        100 * details.quality().nearestNeighbour().orElse(Double.NaN),
        details.quality().neighbourSamples());
    row(
        "calibration over inference",
        "%.2f x, on the same %d definitions",
        details.calibrationOverPlain(),
        details.calibration().orElseThrow().samples());
    row("int8 over float time", "%.2f x", details.quality().timeRatio());
    out.println();
    out.println("Look next at");
    look(output, "model.onnx", "load it with ONNX Runtime");
    look(output, "plan.json", "range, scale and reason for every tensor");
    look(output, "quality.json", "what the numbers above come from");
    look(output, "statistics", "one row per tensor and channel, for Spark SQL");
    look(output, "manifest.json", "every file with its sha256");
  }

  private void row(String name, String format, Object... values) {
    out.printf("  %-30s %s%n", name, String.format(Locale.ROOT, format, values));
  }

  private void look(String output, String part, String why) {
    out.printf("  %s/%s%n      %s%n", output, part, why);
  }
}
