package dev.tare.jobs.cli;

import dev.tare.jobs.ExitCode;
import java.io.IOException;
import java.util.Optional;
import java.util.OptionalInt;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

@Command(
    name = "demo",
    description =
        "Quantize a sentence-embedding model on dictionary definitions, or models that read text in"
            + " images, from end to end.",
    customSynopsis = "tare demo [OPTIONS]",
    footer = {"  tare demo", "  tare demo --vision"})
final class DemoCommand extends StageCommand {
  @Option(
      names = "--vision",
      description = "Two models of PP-OCRv4 on lines of text drawn by Java.")
  private boolean vision;

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
      converter = Converters.NotEmpty.class,
      description =
          "Name of a recipe in conf/recipes, or path or URI of one (default: int8, for images"
              + " int8-cnn).")
  private String recipe;

  @Option(
      names = "--output",
      paramLabel = "RUN",
      converter = Converters.NotEmpty.class,
      description = "Run folder to write, for images the folder of two (default: a new one).")
  private String output;

  DemoCommand(Stages stages) {
    super(stages);
  }

  @Override
  ExitCode execute(Stages on) throws IOException {
    return on.demo(
        new DemoOptions(
            vision,
            optional(samples),
            optional(evalSamples),
            Optional.ofNullable(recipe),
            Optional.ofNullable(output)));
  }

  private static OptionalInt optional(Integer value) {
    return value == null ? OptionalInt.empty() : OptionalInt.of(value);
  }
}
