package dev.tare.jobs.accuracy;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.tare.engine.infer.CpuFeatures;
import dev.tare.jobs.law.MiniLm;
import dev.tare.jobs.run.CommandLine;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.io.TempDir;

/**
 * What each pass of {@code int8-transformer-gptq} gains on MiniLM, from one calibration: writes a
 * table into {@code engine/docs/accuracy.md}. Runs only for the document; the floors of the recipe
 * are in {@link AccuracyTest}.
 */
@EnabledIfSystemProperty(named = "tare.docs", matches = "true")
class TransformerPassesTest {

  private static final int CALIBRATION = 256;
  private static final int EVALUATION = 512;

  /** A line of the table. */
  private enum Line {
    ALL("`int8-transformer-gptq`", "int8-transformer-gptq", ""),
    NO_GPTQ("without GPTQ (`int8-transformer`)", "int8-transformer", ""),
    NO_SMOOTHING("without smoothing", "int8", "gptq.damping = 0.01"),
    NEITHER("without both (`int8`)", "int8", ""),
    UNFOLDED("with `smoothing.fold = off`", "int8-transformer-gptq", "smoothing.fold = off"),
    UNFOLDED_NEAREST(
        "without GPTQ, with `smoothing.fold = off`", "int8-transformer", "smoothing.fold = off"),
    FLOAT_TABLES(
        "embeddings in float",
        "int8-transformer-gptq",
        "rules = [{ operators = [Gather], quantize = false }]"),
    SHIFTED("with `smoothing.shift = on`", "int8-transformer-gptq", "smoothing.shift = on"),
    BY_STATISTICS(
        "with `smoothing.alpha = by-statistics`",
        "int8-transformer-gptq",
        "smoothing.alpha = by-statistics"),
    SHIFTED_NEAREST("without GPTQ, with the shift", "int8-transformer", "smoothing.shift = on");

    private final String title;
    private final String recipe;
    private final String change;

    Line(String title, String recipe, String change) {
      this.title = title;
      this.recipe = recipe;
      this.change = change;
    }
  }

  @TempDir static Path folder;

  @Test
  void tableOfPasses() throws IOException {
    List<String> texts = MiniLm.definitions(CALIBRATION + EVALUATION);
    Path calibration = folder.resolve("calibration.txt");
    MiniLm.write(calibration, texts.subList(0, CALIBRATION));
    MiniLm.write(folder.resolve("evaluation.txt"), texts.subList(CALIBRATION, texts.size()));
    run(
        "calibrate",
        "statistics",
        "--data",
        calibration.toString(),
        "--tokenizer",
        tokenizer(),
        "--channels",
        "histogram",
        "--collect",
        "histogram,gram");
    for (String recipe : List.of("int8", "int8-transformer", "int8-transformer-gptq")) {
      String file = recipe + ".conf";
      Files.copy(Path.of("..", "conf", "recipes", file), folder.resolve(file));
    }
    List<String> table = new ArrayList<>();
    table.add("| recipe | SQNR dB | cosine mean | 1st percentile | min | same neighbour | MB |");
    table.add("|---|---|---|---|---|---|---|");
    for (Line line : Line.values()) {
      table.add(measured(line));
    }
    table.add("");
    table.add("CPU: " + CpuFeatures.current().model());
    Files.write(Path.of("target", "transformer-passes.md"), table, StandardCharsets.UTF_8);
    Document.ACCURACY.replace("table of transformer passes", table);
  }

  private static String measured(Line line) throws IOException {
    String name = line.name().toLowerCase(Locale.ROOT);
    Path recipe = folder.resolve(name + ".conf");
    Files.writeString(recipe, "include \"" + line.recipe + ".conf\"\n" + line.change + "\n");
    run(
        "select",
        name + "-plan",
        "--statistics",
        path("statistics"),
        "--recipe",
        recipe.toString());
    run("quantize", name, "--plan", path(name + "-plan"));
    run(
        "evaluate",
        name + "-quality",
        "--quantized",
        path(name),
        "--tokenizer",
        tokenizer(),
        "--data",
        path("evaluation.txt"),
        "--samples",
        "" + EVALUATION,
        // As the documented figures were made.
        "--choose-by",
        "sample");
    JsonNode quality = CommandLine.json(Path.of(path(name + "-quality"), "quality.json"));
    JsonNode pooled = quality.path("outputs").get(1);
    assertThat(pooled.path("sqnr-db").isNumber()).isTrue();
    JsonNode cosine = pooled.path("cosine");
    return String.format(
        Locale.ROOT,
        "| %s | %.1f | %.4f | %.4f | %.4f | %.1f %% | %.2f |",
        line.title,
        pooled.path("sqnr-db").asDouble(),
        cosine.path("mean").asDouble(),
        cosine.path("p1").asDouble(),
        cosine.path("min").asDouble(),
        100 * quality.path("nearest-neighbour-agreement").asDouble(),
        Files.size(Path.of(path(name), "model.onnx")) / 1e6);
  }

  private static String tokenizer() {
    return MiniLm.tokenizer().toString();
  }

  private static String path(String name) {
    return folder.resolve(name).toString();
  }

  private static void run(String command, String output, String... more) {
    List<String> arguments =
        new ArrayList<>(
            List.of(command, "--model", MiniLm.model().toString(), "--output", path(output)));
    arguments.addAll(Arrays.asList(more));
    CommandLine.tare(arguments.toArray(String[]::new)).ends(0);
  }
}
