package dev.tare.jobs.accuracy;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.tare.engine.infer.CpuFeatures;
import dev.tare.jobs.run.CommandLine;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvFileSource;

/**
 * Modes on three networks: statistics collected once a network, then a recipe at a time from
 * selection to evaluation on data that calibration did not see. Every build measures each mode on
 * one network at least, but for modes that differ only in the size of their blocks; {@code
 * -Pextended} measures all.
 *
 * <p>The floors are in {@code modes.csv}, and in {@code modes-extended.csv} those of {@code mvn
 * verify -Pextended}: what was measured, less a margin for other processors. A line with {@code
 * fails} is a mode that ruins this network; it must stay below its floor to be listed so. The table
 * is written to {@code target/modes.md}, and into {@code engine/docs/accuracy.md} with {@code
 * -Pextended -Dtare.docs=true}.
 */
@Tag("slow")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ModesTest {

  @TempDir static Path folder;

  /** All samples for the table of the document; a part of them where only floors are tested. */
  private static final boolean DOCUMENTED = Boolean.getBoolean("tare.docs");

  private static final int CALIBRATED = DOCUMENTED ? 256 : 32;
  private static final int EVALUATED = DOCUMENTED ? 256 : 32;

  /** Its outputs are nearly 0 and 1, and a few images decide: with 32 it moves by decibels. */
  private static final int OF_CLS = 128;

  private final TreeMap<String, Network> networks = new TreeMap<>();
  private final SortedSet<String> rows = new TreeSet<>();

  @BeforeAll
  void prepare() throws IOException {
    networks.putAll(Network.all(folder));
    networks.remove("det");
  }

  /** Statistics of a network, collected when the first recipe asks for them; returns their path. */
  private String statistics(String name, String output) throws IOException {
    if (Files.exists(Path.of(path(name, output)))) {
      return path(name, output);
    }
    // Selection skips the rows of channels where a recipe has no use for them.
    List<String> observe =
        output.equals("all")
            ? List.of("--observe", "all-supported", "--channels", "none")
            : List.of("--channels", "histogram");
    Network network = networks.get(name);
    List<String> arguments =
        network.arguments("calibrate", "--data", network.calibration().toString());
    arguments.addAll(observe);
    arguments.addAll(
        List.of("--samples", String.valueOf(CALIBRATED), "--output", path(name, output)));
    run(arguments);
    return path(name, output);
  }

  @AfterAll
  void writeTable() throws IOException {
    List<String> table = new ArrayList<>();
    table.add(
        "| network | recipe | SQNR dB | cosine mean | min | same argmax | MB | time over float |"
            + " |");
    table.add("|---|---|---|---|---|---|---|---|---|");
    table.addAll(rows);
    table.add("");
    table.add("CPU: " + CpuFeatures.current().model());
    Files.write(Path.of("target", "modes.md"), table, StandardCharsets.UTF_8);
    if (DOCUMENTED) {
      Document.ACCURACY.replace("table of modes", table);
    }
  }

  @ParameterizedTest
  @CsvFileSource(resources = "modes.csv", useHeadersInDisplayName = true)
  void modeReachesItsFloor(String name, String recipe, double sqnrDb, double cosine, String state)
      throws IOException {
    Network network = networks.get(name);
    List<String> select =
        new ArrayList<>(
            List.of(
                "select",
                "--model",
                network.model().toString(),
                "--recipe",
                recipe,
                "--output",
                path(name, recipe + "-plan")));
    Optional<String> kind = kind(recipe);
    if (kind.isPresent()) {
      select.addAll(List.of("--statistics", statistics(name, kind.get())));
    }
    run(select);
    run(
        List.of(
            "quantize",
            "--plan",
            path(name, recipe + "-plan"),
            "--model",
            network.model().toString(),
            "--output",
            path(name, recipe)));
    List<String> evaluate =
        network.arguments("evaluate", "--data", network.evaluation().toString());
    evaluate.addAll(
        List.of(
            "--samples",
            String.valueOf(name.equals("cls") ? Math.max(EVALUATED, OF_CLS) : EVALUATED),
            "--quantized",
            path(name, recipe),
            "--output",
            path(name, recipe + "-quality")));
    run(evaluate);
    JsonNode quality = CommandLine.json(Path.of(path(name, recipe + "-quality"), "quality.json"));
    JsonNode outputs = quality.path("outputs");
    JsonNode headline = outputs.get(outputs.size() - 1);
    double measuredDb = headline.path("sqnr-db").asDouble();
    double measuredCosine = headline.path("cosine").path("mean").asDouble();
    boolean reached = measuredDb >= sqnrDb && measuredCosine >= cosine;
    JsonNode argmax = headline.path("argmax-agreement");
    rows.add(
        String.format(
            Locale.ROOT,
            "| %s | `%s` | %.1f | %.4f | %.4f | %s | %.2f | %.2f | %s |",
            name,
            recipe,
            measuredDb,
            measuredCosine,
            headline.path("cosine").path("min").asDouble(),
            argmax.isMissingNode() ? "" : String.format(Locale.ROOT, "%.3f", argmax.asDouble()),
            Files.size(Path.of(path(name, recipe), "model.onnx")) / 1e6,
            quality.path("quantized-time-over-float").asDouble(),
            reached ? "" : "fails"));
    assertThat(reached ? "holds" : "fails")
        .as("%s %s: %.2f dB, cosine %.5f", name, recipe, measuredDb, measuredCosine)
        .isEqualTo(state);
  }

  /** What differs by its method or its bits from a mode that every build measures. */
  @ParameterizedTest
  @Tag("extended")
  @CsvFileSource(resources = "modes-extended.csv", useHeadersInDisplayName = true)
  void extendedModeReachesItsFloor(
      String name, String recipe, double sqnrDb, double cosine, String state) throws IOException {
    modeReachesItsFloor(name, recipe, sqnrDb, cosine, state);
  }

  /** Which statistics a recipe needs, if any. */
  private static Optional<String> kind(String recipe) {
    return switch (recipe) {
      case "int8-all" -> Optional.of("all");
      default ->
          recipe.matches(".*-(dynamic|weights|nbits|bnb4).*")
              ? Optional.empty()
              : Optional.of("statistics");
    };
  }

  private static String path(String network, String name) {
    return folder.resolve(network + "-" + name).toString();
  }

  private static void run(List<String> arguments) {
    CommandLine.tare(arguments.toArray(String[]::new)).ends(0);
  }
}
