package dev.tare.jobs.demo;

import dev.tare.engine.plan.QuantPlan;
import dev.tare.jobs.ExitCode;
import dev.tare.jobs.TareException;
import dev.tare.jobs.artifact.CalibrationFacts;
import dev.tare.jobs.artifact.Quality;
import dev.tare.jobs.calibrate.ObserveOptions;
import dev.tare.jobs.console.Amounts;
import dev.tare.jobs.console.Console;
import dev.tare.jobs.console.Launcher;
import dev.tare.jobs.evaluate.Gate;
import dev.tare.jobs.image.ImageOptions;
import dev.tare.jobs.input.DataFormat;
import dev.tare.jobs.input.DataOptions;
import dev.tare.jobs.input.RowChoice;
import dev.tare.jobs.model.ModelHandle;
import dev.tare.jobs.model.RecipeOptions;
import dev.tare.jobs.model.RecipeText;
import dev.tare.jobs.run.AllStages;
import dev.tare.jobs.run.Outcome;
import dev.tare.jobs.run.OutputOptions;
import dev.tare.jobs.run.ReadAhead;
import dev.tare.jobs.run.RunLoop;
import dev.tare.jobs.run.RunOptions;
import dev.tare.jobs.stage.Inputs;
import dev.tare.jobs.stage.Rows;
import dev.tare.jobs.stage.SparkWork;
import dev.tare.jobs.stage.StageData;
import dev.tare.jobs.storage.FinishedRun;
import dev.tare.jobs.storage.HadoopSettings;
import dev.tare.jobs.storage.IfFinished;
import dev.tare.jobs.table.PlanStore;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

/** The demo: a real model, real text, all four stages, and a table of results. */
public final class Demo implements SparkWork<ExitCode> {

  private static final String MODEL = "all-minilm-l6-v2.onnx";
  private static final int MAX_LENGTH = 128;
  private static final int BATCH_SIZE = 8;
  private static final int SAMPLES = 256;

  private final DemoOptions options;
  private final Console console;
  private final DemoFiles files;

  private OptionalInt definitions = OptionalInt.empty();

  /**
   * @throws TareException (bad input) if the demo's files are missing
   */
  public Demo(DemoOptions options, Console console) {
    this.options = options;
    this.console = console;
    this.files = DemoFiles.find();
  }

  /** Begins what needs no Spark; returns at once. */
  public Demo ahead() {
    ReadAhead.model(files.asset(MODEL).toString(), HadoopSettings.ofDriver());
    ReadAhead.begin(this::definitions);
    return this;
  }

  private Path text() throws IOException {
    return files.home().resolve("definitions.txt");
  }

  /** Writes the definitions unless that is done, and returns how many there are. */
  private synchronized int definitions() throws IOException {
    if (definitions.isEmpty()) {
      List<String> lines = files.definitions();
      Files.write(text(), lines, StandardCharsets.UTF_8);
      definitions = OptionalInt.of(lines.size());
    }
    return definitions.getAsInt();
  }

  @Override
  public ExitCode run(SparkSession spark) throws IOException {
    console
        .progress()
        .printf(
            "Model: all-MiniLM-L6-v2, sentence embeddings. Text: %d definitions of WordNet 3.1.%n",
            definitions());
    Path text = text();
    String output =
        options.output().isPresent() ? options.output().get() : files.newRun().toString();
    RunOptions run = runOptions(options, files, text);
    Console messages = new Console(console.progress(), console.progress());
    try (Inputs inputs = new Inputs(spark, messages::line)) {
      Outcome outcome =
          new RunLoop(messages)
              .produce(
                  inputs,
                  new OutputOptions(output, Optional.empty(), IfFinished.FAIL),
                  new AllStages(run));
      if (outcome.made().isPresent()) {
        FinishedRun made = outcome.made().get();
        table(spark, made, overPlain(inputs, run, made), output);
      }
      return outcome.exitCode();
    }
  }

  private static RunOptions runOptions(DemoOptions options, DemoFiles files, Path text) {
    return new RunOptions(
        files.asset(MODEL).toString(),
        new DataOptions(
            text.toString(),
            DataFormat.TEXT,
            Optional.empty(),
            Optional.of(files.asset("all-minilm-l6-v2-tokenizer.json").toString()),
            OptionalInt.of(MAX_LENGTH),
            OptionalInt.of(options.samples().orElse(SAMPLES)),
            RowChoice.TEXT,
            OptionalInt.empty(),
            BATCH_SIZE,
            ImageOptions.DEFAULT,
            0),
        ObserveOptions.DEFAULTS,
        RecipeOptions.of(options.recipe(), RecipeText.DEFAULT_TARGET, false, Optional.empty()),
        Optional.empty(),
        options.evalSamples().orElse(SAMPLES),
        new Gate(
            OptionalDouble.of(RunOptions.DEFAULT_MIN_COSINE),
            OptionalDouble.empty(),
            OptionalDouble.empty()),
        Optional.empty(),
        false,
        Optional.empty(),
        OptionalInt.empty());
  }

  /** Returns the time of calibration divided by that of the model alone, on the same samples. */
  private static OptionalDouble overPlain(Inputs inputs, RunOptions run, FinishedRun made)
      throws IOException {
    Optional<CalibrationFacts> calibration = made.facts().calibration();
    if (calibration.isEmpty()) {
      return OptionalDouble.empty();
    }
    CalibrationFacts.Effort effort = calibration.get().effort().orElseThrow();
    ModelHandle model = inputs.model(run.model());
    StageData data = inputs.data(model, run.data());
    Dataset<Row> samples = data.select(Rows.CALIBRATION, run.data().samples());
    long plain = PlainInference.nanos(inputs.spark(), model, samples, effort.batchSize());
    return OptionalDouble.of((effort.runSeconds() + effort.observeSeconds()) * 1e9 / plain);
  }

  private void table(SparkSession spark, FinishedRun run, OptionalDouble overPlain, String output)
      throws IOException {
    DemoTable table = new DemoTable(console.out());
    QuantPlan plan = PlanStore.read(spark, run);
    Quality quality = run.quality();
    Quality.OutputQuality headline = quality.headline();
    long before = run.facts().quantization().orElseThrow().floatModelBytes();
    long after = Files.size(Path.of(output, "model.onnx"));
    console.out().println();
    table.quantized(plan);
    table.row(
        "bytes before and after", "%s -> %s", Amounts.megabytes(before), Amounts.megabytes(after));
    table.row(
        "cosine to float, unseen text",
        "mean %.4f, minimum %.4f (%d definitions)",
        headline.cosineMean(),
        headline.cosineMin(),
        quality.samples());
    table.row(
        "same nearest neighbour",
        "%.1f %% of %d",
        100 * quality.nearestNeighbour().orElse(Double.NaN),
        quality.neighbourSamples());
    if (overPlain.isPresent()) {
      table.row(
          "calibration over inference",
          "%.2f x, on the same %d definitions",
          overPlain.getAsDouble(),
          run.calibration().samples());
    }
    table.row("int8 over float time", "%.2f x", quality.timeRatio());
    console.out().println();
    console.out().println("Look next at");
    table.next(Launcher.command("report " + output), "one page: verdict, layers, ranges");
    table.next(
        "python3 -c 'import onnxruntime; print(onnxruntime.InferenceSession(\"%s/model.onnx\").get_inputs())'"
            .formatted(output),
        "the model in Python");
    table.next(output + "/model.onnx", "load it with ONNX Runtime");
    table.next(output + "/plan.json", "range, scale and reason for every tensor");
    table.next(output + "/quality.json", "what the numbers above come from");
    table.next(output + "/statistics", "one row per tensor and channel, for Spark SQL");
    table.next(output + "/manifest.json", "every file with its sha256");
  }
}
