package dev.tare.jobs.demo;

import dev.tare.engine.plan.QuantPlan;
import dev.tare.jobs.ExitCode;
import dev.tare.jobs.artifact.CalibrationFacts;
import dev.tare.jobs.artifact.Quality;
import dev.tare.jobs.calibrate.ObserveOptions;
import dev.tare.jobs.console.Console;
import dev.tare.jobs.demo.RenderedText.Kind;
import dev.tare.jobs.demo.RenderedText.Part;
import dev.tare.jobs.evaluate.Gate;
import dev.tare.jobs.image.ChannelOrder;
import dev.tare.jobs.image.ChannelValues;
import dev.tare.jobs.image.ImageOptions;
import dev.tare.jobs.image.ImageSize;
import dev.tare.jobs.image.Resize;
import dev.tare.jobs.model.RecipeOptions;
import dev.tare.jobs.run.Outcome;
import dev.tare.jobs.run.RunOptions;
import dev.tare.jobs.stage.SparkWork;
import dev.tare.jobs.storage.FinishedRun;
import dev.tare.jobs.table.PlanStore;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalInt;
import org.apache.spark.sql.SparkSession;

/** Two convolutional networks of PP-OCR on images of text: all four stages and a table for each. */
public final class VisionDemo implements SparkWork<ExitCode> {

  private static final String RECIPE = "int8-cnn";
  private static final int SAMPLES = 64;
  private static final int EVAL_SAMPLES = 128;
  private static final int BATCH_SIZE = 8;

  /** The preparation of PP-OCR's images; padding with 0 after mean and std is 127.5 before. */
  private static final ImageOptions PREPARATION =
      ImageOptions.DEFAULT
          .withChannels(ChannelOrder.BGR)
          .withMeanAndStd(ChannelValues.of(0.5), ChannelValues.of(0.5));

  /**
   * A model of the demo.
   *
   * @param folder of its run and its images
   * @param positions what its argmax means
   */
  private record Reader(
      String title, String folder, String file, Kind kind, ImageOptions images, String positions) {}

  private static final List<Reader> READERS =
      List.of(
          new Reader(
              "PP-OCRv4 recognizer: characters of a line",
              "rec",
              "models/ch_PP-OCRv4_rec_infer.onnx",
              Kind.LINES,
              PREPARATION.withSize(ImageSize.parse("48x*")),
              "positions read the same"),
          new Reader(
              "PP-OCR angle classifier: upright or upside down",
              "cls",
              "models/ch_ppocr_mobile_v2.0_cls_infer.onnx",
              Kind.ANGLES,
              PREPARATION.withSize(ImageSize.parse("48x192")).withResize(Resize.PAD, 127.5),
              "images judged the same"));

  private final DemoOptions options;
  private final Console console;

  public VisionDemo(DemoOptions options, Console console) {
    this.options = options;
    this.console = console;
  }

  @Override
  public ExitCode run(SparkSession spark) throws IOException {
    DemoFiles files = DemoFiles.find();
    List<String> definitions = files.definitions();
    Path output = options.output().isPresent() ? Path.of(options.output().get()) : files.newRun();
    for (Reader reader : READERS) {
      console.progress().printf("%s%n", reader.title());
      RunOptions run = runOptions(options, files, reader);
      Path folder = output.resolve(reader.folder());
      images(reader, Part.CALIBRATION, run.data().data(), definitions, run.data().samples());
      images(
          reader,
          Part.EVALUATION,
          run.evalData().orElseThrow(),
          definitions,
          OptionalInt.of(run.evalSamples()));
      Outcome outcome = ImageRuns.produce(spark, console, folder, run);
      if (outcome.made().isPresent()) {
        table(spark, reader, outcome.made().get(), folder);
      }
      if (outcome.exitCode() != ExitCode.OK) {
        return outcome.exitCode();
      }
    }
    return ExitCode.OK;
  }

  private static void images(
      Reader reader, Part part, String folder, List<String> definitions, OptionalInt count)
      throws IOException {
    RenderedText.write(Path.of(folder), reader.kind(), part, definitions, count.orElseThrow());
  }

  private static RunOptions runOptions(DemoOptions options, DemoFiles files, Reader reader)
      throws IOException {
    Path images = files.home().resolve("images").resolve(reader.folder());
    return new RunOptions(
        files.asset(reader.file()).toString(),
        ImageRuns.images(
            images.resolve("calibration"),
            options.samples().orElse(SAMPLES),
            BATCH_SIZE,
            reader.images()),
        ObserveOptions.DEFAULTS,
        RecipeOptions.of(options.recipe().orElse(RECIPE)),
        Optional.of(images.resolve("evaluation").toString()),
        options.evalSamples().orElse(EVAL_SAMPLES),
        Gate.NONE,
        Optional.empty(),
        false,
        Optional.empty(),
        OptionalInt.empty());
  }

  private void table(SparkSession spark, Reader reader, FinishedRun made, Path run)
      throws IOException {
    DemoTable table = new DemoTable(console.out());
    QuantPlan plan = PlanStore.read(spark, made);
    Quality quality = made.quality();
    Quality.OutputQuality headline = quality.headline();
    console.out().println();
    console
        .out()
        .printf(
            "%s (%d images, %d others for calibration)%n",
            reader.title(),
            quality.samples(),
            made.facts().calibration().map(CalibrationFacts::samples).orElse(0L));
    table.quantized(plan);
    table.row(
        "bytes before and after",
        "%s -> %s",
        megabytes(made.facts().quantization().orElseThrow().floatModelBytes()),
        megabytes(Files.size(run.resolve("model.onnx"))));
    table.row("SQNR", "%.1f dB", headline.sqnrDb());
    table.row(
        "cosine to float", "mean %.4f, minimum %.4f", headline.cosineMean(), headline.cosineMin());
    table.row(reader.positions(), "%.1f %%", 100 * headline.argmaxAgreement().orElse(Double.NaN));
    table.row("int8 over float time", "%.2f x", quality.timeRatio());
    table.row("run", "%s", run);
    console.out().println();
  }

  /** The classifier has half a megabyte. */
  private static String megabytes(long bytes) {
    return String.format(Locale.ROOT, "%.2f MB", bytes / 1e6);
  }
}
