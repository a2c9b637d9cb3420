package dev.tare.jobs.accuracy;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.tare.engine.infer.CpuFeatures;
import dev.tare.jobs.demo.RenderedText;
import dev.tare.jobs.demo.RenderedText.Part;
import dev.tare.jobs.law.MiniLm;
import dev.tare.jobs.run.CommandLine;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.io.TempDir;

/**
 * What each pass of {@code int8-cnn} gains on convolutional networks, on more images than the other
 * tests have: writes a table into {@code engine/docs/accuracy.md}. Runs only for the document; the
 * floors of the recipe are in {@code modes.csv}.
 */
@EnabledIfSystemProperty(named = "tare.docs", matches = "true")
class PassesTest {

  private static final int LINES = Integer.getInteger("tare.lines", 1024);
  private static final int PAGES = 48;

  @TempDir static Path folder;

  /** The recipe, with passes switched off. */
  private static final Map<String, String> RECIPES =
      new TreeMap<>(
          Map.of(
              "1: `int8-cnn`", "",
              "2: without equalization", "equalization = off",
              "3: without bias correction", "bias-correction = off",
              "4: without both", "equalization = off, bias-correction = off",
              "5: depthwise in int8", "rules = []",
              "6: inputs of 16 bits",
                  "activations.type = uint16, activations.method = min-max, float-share = 0",
              "7: cheapest inputs in int8", "float-share = 0"));

  private final List<String> table = new ArrayList<>();

  @Test
  void tableOfPasses() throws IOException {
    table.add("| network | recipe | SQNR dB | cosine mean | same argmax | MB | time over float |");
    table.add("|---|---|---|---|---|---|---|");
    List<String> texts = MiniLm.definitions(2000);
    Map<String, Network> networks = Network.all(folder.resolve("data"));
    for (String name : List.of("rec", "cls", "det")) {
      Network network = networks.get(name);
      Path evaluation = folder.resolve(name + "-evaluation");
      switch (name) {
        case "rec" ->
            RenderedText.write(evaluation, RenderedText.Kind.LINES, Part.EVALUATION, texts, LINES);
        case "cls" ->
            RenderedText.write(evaluation, RenderedText.Kind.ANGLES, Part.EVALUATION, texts, LINES);
        default -> RenderedPages.write(evaluation, 2, PAGES);
      }
      Path calibration =
          name.equals("det")
              ? RenderedPages.write(folder.resolve("det-calibration"), 1, PAGES / 2)
              : network.calibration();
      measure(name, new Network(network.model(), network.options(), calibration, evaluation));
    }
    table.add("");
    table.add("CPU: " + CpuFeatures.current().model());
    Files.write(Path.of("target", "passes.md"), table, StandardCharsets.UTF_8);
    Document.ACCURACY.replace("table of passes", table);
  }

  private void measure(String name, Network network) throws IOException {
    run(
        network.arguments(
            "calibrate",
            "--data",
            network.calibration().toString(),
            "--channels",
            "histogram",
            "--samples",
            "64",
            "--output",
            path(name, "statistics")));
    String base = Files.readString(Path.of("..", "conf", "recipes", "int8.conf"));
    String own =
        Files.readString(Path.of("..", "conf", "recipes", "int8-cnn.conf"))
            .replace("include \"int8.conf\"", "");
    int number = 0;
    for (Map.Entry<String, String> entry : RECIPES.entrySet()) {
      Path recipe = folder.resolve(name + number + ".conf");
      Files.writeString(
          recipe, String.join("\n", base, own, entry.getValue().replace(", ", "\n")) + "\n");
      table.add(line(name, network, entry.getKey().substring(3), recipe, "" + number++));
    }
  }

  private static String line(String name, Network network, String title, Path recipe, String number)
      throws IOException {
    String model = network.model().toString();
    String plan = path(name, number + "-plan");
    String made = path(name, number);
    run(
        List.of(
            "select",
            "--statistics",
            path(name, "statistics"),
            "--model",
            model,
            "--recipe",
            recipe.toString(),
            "--output",
            plan));
    run(List.of("quantize", "--plan", plan, "--model", model, "--output", made));
    run(
        network.arguments(
            "evaluate",
            "--data",
            network.evaluation().toString(),
            "--samples",
            String.valueOf(LINES),
            "--quantized",
            made,
            "--output",
            path(name, number + "-quality")));
    JsonNode quality = CommandLine.json(Path.of(path(name, number + "-quality"), "quality.json"));
    JsonNode outputs = quality.path("outputs");
    JsonNode headline = outputs.get(outputs.size() - 1);
    assertThat(headline.path("sqnr-db").isNumber()).isTrue();
    JsonNode argmax = headline.path("argmax-agreement");
    return String.format(
        Locale.ROOT,
        "| %s | %s | %.1f | %.4f | %s | %.2f | %.2f |",
        name,
        title,
        headline.path("sqnr-db").asDouble(),
        headline.path("cosine").path("mean").asDouble(),
        argmax.isMissingNode() ? "" : String.format(Locale.ROOT, "%.3f", argmax.asDouble()),
        Files.size(Path.of(made, "model.onnx")) / 1e6,
        quality.path("quantized-time-over-float").asDouble());
  }

  private static String path(String network, String name) {
    return folder.resolve(network + "-" + name).toString();
  }

  private static void run(List<String> arguments) {
    CommandLine.tare(arguments.toArray(String[]::new)).ends(0);
  }
}
