package dev.tare.jobs.accuracy;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tare.jobs.artifact.BudgetPlan;
import dev.tare.jobs.artifact.Quality;
import dev.tare.jobs.artifact.QualityJson;
import dev.tare.jobs.demo.RenderedText;
import dev.tare.jobs.demo.RenderedText.Kind;
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
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.io.TempDir;

/**
 * Three budgets for each of three networks, and whether other data of the kind that was measured
 * confirm them: writes a table into {@code engine/docs/accuracy.md}. Runs only for the document.
 *
 * <p>{@code -Dtare.networks=cls,rec} measures some of them and keeps the others' lines.
 */
@EnabledIfSystemProperty(named = "tare.docs", matches = "true")
class BudgetsTest {

  /** Budgets that are chosen from the errors of one recipe. */
  private record Errors(String network, String recipe, List<String> budgets) {}

  private static final List<Errors> MEASURED =
      List.of(
          new Errors(
              "MiniLM", "int8-weights", List.of("cosine>=0.998", "cosine>=0.99", "size<=21MB")),
          new Errors(
              "cls", "int8-weights", List.of("cosine>=0.9999", "cosine>=0.999", "sqnr>=30dB")),
          new Errors(
              "rec", "int8-weights", List.of("cosine>=0.999", "cosine>=0.99", "sqnr>=15dB")));

  private static final List<String> ALL = List.of("MiniLM", "cls", "rec");
  private static final List<String> NETWORKS =
      List.of(System.getProperty("tare.networks", String.join(",", ALL)).split(","));

  /** Drawn alike; one half for the errors, the other to see whether they tell the truth. */
  private static final int IMAGES = 256;

  @TempDir static Path folder;

  private final List<String> table = new ArrayList<>();
  private final Map<String, String> verdicts = new TreeMap<>();

  @Test
  void tableOfBudgets() throws IOException {
    table.add(
        "| network | recipe | budget | cosine predicted | at least | measured | 95 % | SQNR dB"
            + " predicted | at least | measured | MB predicted | made | levels |");
    table.add("|---|---|---|---|---|---|---|---|---|---|---|---|---|");
    Map<String, Network> networks = new TreeMap<>(Network.all(folder.resolve("data")));
    networks.put("cls", halves("cls", networks.get("cls"), Kind.ANGLES));
    networks.put("rec", halves("rec", networks.get("rec"), Kind.LINES));
    for (Errors errors : MEASURED) {
      if (NETWORKS.contains(errors.network())) {
        measure(errors, networks.get(errors.network()));
        Files.write(Path.of("target", "budgets.md"), table, StandardCharsets.UTF_8);
      }
    }
    Document.ACCURACY.replace("table of budgets", table, ALL, NETWORKS);
    assertThat(verdicts.values()).as("%s", verdicts).allMatch(text -> text.startsWith("is kept"));
  }

  /**
   * The network with images of one kind: two neighbours for each half, as every second is turned.
   */
  private static Network halves(String name, Network network, Kind kind) throws IOException {
    Path errors = folder.resolve(name + "-errors-data");
    Path others = folder.resolve(name + "-others-data");
    RenderedText.write(errors, kind, Part.CALIBRATION, MiniLm.definitions(2000), IMAGES);
    Files.createDirectories(others);
    try (Stream<Path> images = Files.list(errors)) {
      List<Path> sorted = images.sorted().toList();
      for (int i = 0; i < sorted.size(); i++) {
        if (i / 2 % 2 == 1) {
          Files.move(sorted.get(i), others.resolve(sorted.get(i).getFileName()));
        }
      }
    }
    return new Network(network.model(), network.options(), errors, others);
  }

  private void measure(Errors measured, Network network) throws IOException {
    String name = measured.network() + "-" + measured.recipe();
    String errors = path(name, "errors");
    run(
        network.arguments(
            "sensitivity",
            "--data",
            network.calibration().toString(),
            "--samples",
            // Of cls a few images have most of the error: it takes more of them to know.
            measured.network().equals("cls") ? String.valueOf(IMAGES / 2) : "64",
            "--recipe",
            measured.recipe(),
            "--output",
            errors));
    int number = 0;
    for (String budget : measured.budgets()) {
      String plan = path(name, "plan" + number);
      String made = path(name, "made" + number);
      String quality = path(name, "quality" + number++);
      String model = network.model().toString();
      run(
          List.of(
              "select",
              "--model",
              model,
              "--recipe",
              measured.recipe(),
              "--errors",
              errors,
              "--budget",
              budget,
              "--output",
              plan));
      run(List.of("quantize", "--plan", plan, "--model", model, "--output", made));
      run(
          network.arguments(
              "evaluate",
              "--data",
              network.evaluation().toString(),
              "--quantized",
              made,
              "--output",
              quality));
      table.add(line(measured, plan, quality, Files.size(Path.of(made, "model.onnx"))));
    }
  }

  private String line(Errors measured, String plan, String evaluated, long bytes)
      throws IOException {
    BudgetPlan chosen =
        BudgetPlan.parse(Files.readString(Path.of(plan, "budget.json")), "budget.json");
    Quality quality =
        QualityJson.parse(Files.readString(Path.of(evaluated, "quality.json")), "quality.json");
    Quality.OutputQuality output = quality.headline();
    verdicts.put(
        "%s by %s, %s".formatted(measured.network(), measured.recipe(), chosen.budget()),
        chosen.verdict(output, Optional.of(bytes)).orElseThrow());
    BudgetPlan.Point predicted = chosen.predicted();
    Map<String, Integer> levels = new TreeMap<>();
    chosen.levels().values().forEach(level -> levels.merge(level.word(), 1, Integer::sum));
    return String.format(
        Locale.ROOT,
        "| %s | `%s` | `%s` | %.5f | %.5f | %.5f | %s | %.2f | %.2f | %.2f | %.2f | %.2f | %s |",
        measured.network(),
        measured.recipe(),
        chosen.budget(),
        predicted.cosine(),
        predicted.cosineLow(),
        output.cosineMean(),
        output
            .perSample()
            .cosineMean()
            .map(mean -> String.format(Locale.ROOT, "%.5f to %.5f", mean.low(), mean.high()))
            .orElse(""),
        predicted.sqnrDb(),
        predicted.sqnrDbLow(),
        output.sqnrDb(),
        predicted.bytes() / 1e6,
        bytes / 1e6,
        levels.toString().replaceAll("[{}]", "").replace('=', ' '));
  }

  private static String path(String network, String name) {
    return folder.resolve(network + "-" + name).toString();
  }

  private static void run(List<String> arguments) {
    CommandLine.tare(arguments.toArray(String[]::new)).ends(0);
  }
}
