package dev.tare.jobs.accuracy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import dev.tare.engine.infer.CpuFeatures;
import dev.tare.jobs.law.LexicographerFiles;
import dev.tare.jobs.law.LexicographerFiles.Labelled;
import dev.tare.jobs.law.MiniLm;
import dev.tare.jobs.run.CommandLine;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * What MiniLM is worth by labels: how often the nearest other definition by cosine stands in the
 * same of WordNet's lexicographer files. With {@code -Dtare.docs=true} it writes the table of
 * {@code engine/docs/accuracy.md}, of 2,048 definitions.
 */
@Tag("slow")
class WordNetLabelsTest {

  private static final boolean DOCUMENTED = Boolean.getBoolean("tare.docs");
  private static final int CALIBRATION = DOCUMENTED ? 256 : 64;
  private static final int EVALUATION = DOCUMENTED ? 2048 : 300;
  private static final List<String> RECIPES =
      DOCUMENTED ? List.of("int8", "int8-transformer", "int4-weights-b32") : List.of("int8");

  @TempDir static Path folder;

  @Test
  void nearestDefinitionsStandInTheSameLexicographerFile() throws IOException {
    List<Labelled> all = LexicographerFiles.definitions(CALIBRATION + EVALUATION);
    List<String> known = all.stream().map(Labelled::text).limit(CALIBRATION).toList();
    assertThat(MiniLm.definitions(CALIBRATION)).isEqualTo(known);
    List<Labelled> others = all.subList(CALIBRATION, all.size());
    MiniLm.write(folder.resolve("calibration.txt"), known);
    LexicographerFiles.write(folder.resolve("evaluation.jsonl"), others);
    run(
        "calibrate",
        "statistics",
        "--data",
        path("calibration.txt"),
        "--tokenizer",
        MiniLm.tokenizer().toString(),
        "--channels",
        "extremes");
    List<String> table = new ArrayList<>();
    table.add("| recipe | float | quantized | difference | 95 % | told apart |");
    table.add("|---|---|---|---|---|---|");
    for (String recipe : RECIPES) {
      table.add(measured(recipe, chance(others)));
    }
    table.addAll(List.of("", "CPU: " + CpuFeatures.current().model()));
    if (DOCUMENTED) {
      Document.ACCURACY.replace("table of labels", table);
    }
  }

  /** How often two definitions that are drawn have the same label. */
  private static double chance(List<Labelled> rows) {
    return rows.stream()
        .collect(Collectors.groupingBy(Labelled::label, Collectors.counting()))
        .values()
        .stream()
        .mapToDouble(count -> (double) count * (count - 1) / rows.size() / (rows.size() - 1))
        .sum();
  }

  private static String measured(String recipe, double chance) throws IOException {
    run(
        "select",
        recipe + "-plan",
        "--statistics",
        path("statistics"),
        "--recipe",
        Path.of("..", "conf", "recipes", recipe + ".conf").toString());
    run("quantize", recipe, "--plan", path(recipe + "-plan"));
    String console =
        run(
                "evaluate",
                recipe + "-quality",
                "--quantized",
                path(recipe),
                "--tokenizer",
                MiniLm.tokenizer().toString(),
                "--data",
                path("evaluation.jsonl"),
                "--text-column",
                "text",
                "--labels",
                "label",
                "--samples",
                "" + EVALUATION,
                // As the documented figures were made.
                "--choose-by",
                "sample")
            .out();
    JsonNode labels =
        CommandLine.json(Path.of(path(recipe + "-quality"), "quality.json")).path("labels");
    assertThat(labels.path("column").asText()).isEqualTo("label");
    assertThat(labels.path("samples").asInt()).isEqualTo(EVALUATION);
    assertThat(labels.path("measures")).hasSize(1);
    JsonNode measure = labels.path("measures").get(0);
    assertThat(measure.path("name").asText()).isEqualTo("nearest neighbours of the same label");
    double ofFloat = measure.path("float").asDouble();
    double difference = measure.path("difference").asDouble();
    double low = measure.path("difference-low").asDouble();
    double high = measure.path("difference-high").asDouble();
    assertThat(ofFloat).isGreaterThan(3 * chance);
    assertThat(difference)
        .isCloseTo(measure.path("quantized").asDouble() - ofFloat, within(1e-9))
        .isBetween(low, high)
        .isBetween(-.05, .05);
    assertThat(high).isGreaterThan(low);
    boolean apart = low > 0 || high < 0;
    assertThat(console.contains("cannot be told apart on " + EVALUATION)).isEqualTo(!apart);
    return String.format(
        Locale.ROOT,
        "| `%s` | %.4f | %.4f | %+.4f | %+.4f to %+.4f | %s |",
        recipe,
        ofFloat,
        measure.path("quantized").asDouble(),
        difference,
        low,
        high,
        apart ? "yes" : "no");
  }

  private static String path(String name) {
    return folder.resolve(name).toString();
  }

  private static CommandLine.Result run(String command, String output, String... more) {
    List<String> arguments =
        new ArrayList<>(
            List.of(command, "--model", MiniLm.model().toString(), "--output", path(output)));
    arguments.addAll(Arrays.asList(more));
    return CommandLine.tare(arguments.toArray(String[]::new)).ends(0);
  }
}
