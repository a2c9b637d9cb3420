package dev.tare.jobs.cli;

import dev.tare.jobs.ExitCode;
import dev.tare.jobs.TareException;
import dev.tare.jobs.console.Console;
import dev.tare.jobs.demo.Demo;
import dev.tare.jobs.demo.DemoOptions;
import dev.tare.jobs.demo.LiteDemo;
import dev.tare.jobs.demo.VisionDemo;
import dev.tare.jobs.run.Session;
import dev.tare.jobs.stage.SparkWork;
import java.io.IOException;
import java.util.Optional;
import java.util.OptionalInt;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code tare demo}. */
@Command(
    name = "demo",
    description =
        "Quantize a sentence-embedding model on dictionary definitions, models that read text in images, or a .tflite network on drawn faces, end to end.",
    customSynopsis = "tare demo [OPTIONS]",
    footer = {"  tare demo", "  tare demo --vision", "  tare demo --tflite"})
public final class DemoCommand extends TareCommand {
  @Option(
      names = "--vision",
      description = "Two models of PP-OCRv4 on lines of text drawn by Java.")
  private boolean vision;

  @Option(
      names = "--tflite",
      description =
          "A network of MediaPipe for TensorFlow Lite on faces drawn by Java; pip fetches it once.")
  private boolean tflite;

  @Option(
      names = "--samples",
      paramLabel = "N",
      converter = Converters.Positive.class,
      description = "Definitions or images to calibrate on (default: 256 definitions, 64 images).")
  private Integer samples;

  @Option(
      names = "--eval-samples",
      paramLabel = "N",
      converter = Converters.Million.class,
      description = "Others to evaluate on (default: 256 definitions, 128 images).")
  private Integer evalSamples;

  @Option(
      names = "--recipe",
      paramLabel = "RECIPE",
      description =
          "Name of a recipe in conf/recipes, or path or URI of one (default: int8, for images"
              + " int8-cnn, with --tflite int8-tflite).")
  private String recipe;

  @Option(
      names = "--output",
      paramLabel = "RUN",
      description =
          "Run folder to write, with --vision the folder of two (default: a new one in tare-demo).")
  private String output;

  public DemoCommand(Console console) {
    super(console);
  }

  @Override
  protected ExitCode execute(Console console) throws IOException {
    if (vision && tflite) {
      throw TareException.usage("--vision and --tflite are two demos; choose one");
    }
    DemoOptions options = options();
    SparkWork<ExitCode> demo =
        tflite
            ? new LiteDemo(options, console)
            : vision ? new VisionDemo(options, console) : new Demo(options, console).ahead();
    return Session.use("demo", options.output(), console, demo);
  }

  DemoOptions options() {
    return new DemoOptions(
        optional(samples),
        optional(evalSamples),
        Optional.ofNullable(recipe),
        Optional.ofNullable(output));
  }

  private static OptionalInt optional(Integer value) {
    return value == null ? OptionalInt.empty() : OptionalInt.of(value);
  }
}
