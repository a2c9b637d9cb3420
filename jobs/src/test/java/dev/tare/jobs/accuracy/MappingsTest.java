package dev.tare.jobs.accuracy;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.tare.jobs.run.CommandLine;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.io.TempDir;

/**
 * What each mapping of weights to codes costs and gains on three networks, from one calibration of
 * each: writes a table into {@code engine/docs/accuracy.md}. Runs only for the document; that the
 * models compute with just our numbers is shown by the engine's tests.
 *
 * <p>{@code -Dtare.networks=cls,rec} measures some of them and keeps the others' lines; {@code
 * -Dtare.latency=true} times both models in turns beside; {@code -Dtare.lines=AWQ,ROWS} measures
 * only some lines and leaves the document as it is.
 */
@EnabledIfSystemProperty(named = "tare.docs", matches = "true")
class MappingsTest {

  private static final List<String> ALL = List.of("MiniLM", "cls", "rec");
  private static final List<String> NETWORKS =
      List.of(System.getProperty("tare.networks", String.join(",", ALL)).split(","));
  private static final boolean LATENCY = Boolean.getBoolean("tare.latency");
  private static final String LINES = System.getProperty("tare.lines", "");
  private static final Set<String> TEXTS = Set.of("MiniLM");

  /** A line of the table for each network. */
  private enum Line {
    INT4_32("int4 in blocks of 32", "5", "int4-weights-b32", ""),
    INT4_NBITS("the same, MatMulNBits", "5", "int4-nbits-b32", ""),
    UINT4_32(
        "uint4 in blocks of 32",
        "5.13",
        "int4-weights-b32",
        "weights { type = uint4, symmetric = false }"),
    MSE_32(
        "uint4 in blocks of 32, MSE",
        "5.13",
        "int4-weights-b32",
        "weights { type = uint4, symmetric = false, method = mse }"),
    SQUARES_32(
        "uint4 in blocks of 32, MSE weighted by the Gram's diagonal", "5.13", "int4-gptq-b32", ""),
    SQUARES_AWQ("the same with AWQ", "5.13", "int4-gptq-b32", "gptq.awq = on"),
    GPTQ_32("uint4 in blocks of 32, GPTQ", "5.13", "int4-gptq-b32", ""),
    AWQ("the same with AWQ", "5.13", "int4-gptq-b32", "gptq.awq = on"),
    GPTQ_DEPTHWISE(
        "the same, depthwise convolutions int8",
        "5.13",
        "int4-gptq-b32",
        "rules = [{ operators = [DepthwiseConv], role = weight, type = int8, symmetric = true,"
            + " narrow-range = true, granularity = per-channel }]"),
    GPTQ_NBITS("uint4 in blocks of 32, GPTQ, MatMulNBits", "5.13", "int4-gptq-nbits-b32", ""),
    ROWS(
        "the same, embeddings of 4 bits too",
        "5.13",
        "int4-gptq-nbits-b32",
        "rules = [{ operators = [Gather], role = weight, type = uint4, symmetric = false,"
            + " narrow-range = false, granularity = per-block, block-size = 32 }]"),
    NF4_64("NF4 in blocks of 64", "4.5", "nf4-bnb4-b64", ""),
    GPTQ_NF4("NF4 in blocks of 64, GPTQ", "4.5", "nf4-bnb4-b64", "gptq.damping = 0.01"),
    FP4_64("FP4 in blocks of 64", "4.5", "fp4-bnb4-b64", ""),
    BOOK4("16 numbers a tensor", "4", "codebook4-weights", "weights.granularity = per-tensor"),
    BOOK4_CHANNEL("16 numbers a channel", "4", "codebook4-weights", ""),
    GPTQ_BOOK4("16 numbers a channel, GPTQ", "4", "codebook4-weights", "gptq.damping = 0.01"),
    INT4_CHANNEL("int4, a scale a channel", "4", "int4-weights", ""),
    GPTQ_CHANNEL(
        "uint4, a scale a channel, GPTQ",
        "4",
        "int4-weights",
        "weights { type = uint4, symmetric = false }\ngptq.damping = 0.01"),
    BOOK8("256 numbers a tensor", "8", "codebook8-weights", ""),
    BOOK8_CHANNEL(
        "256 numbers a channel", "8", "codebook8-weights", "weights.granularity = per-channel"),
    INT8("int8", "8", "int8-weights", ""),
    SHIFTS(
        "int8, scales powers of two",
        "8",
        "int8-weights",
        "weights { method = mse, scales = power-of-two }"),
    E4M3("float8 e4m3fn", "8", "float8e4m3fn-weights", ""),
    E5M2("float8 e5m2", "8", "float8e4m3fn-weights", "weights.type = float8e5m2"),
    INPUTS_INT8("int8, inputs too", "8", "int8", ""),
    INPUTS_SHIFTS("int8, inputs too, powers of two", "8", "int8-power-of-two", ""),
    INPUTS_E4M3("float8 e4m3fn, inputs too", "8", "float8e4m3fn", ""),
    INPUTS_E5M2("float8 e5m2, inputs too", "8", "float8e5m2", "");

    private final String title;
    private final String bits;
    private final String recipe;
    private final String change;

    Line(String title, String bits, String recipe, String change) {
      this.title = title;
      this.bits = bits;
      this.recipe = recipe;
      this.change = change;
    }

    /** Which statistics it reads: of Gram matrices, or only of their diagonals. */
    Optional<String> statistics() {
      if (name().contains("SQUARES")) {
        return Optional.of("squares");
      }
      boolean reads =
          name().contains("GPTQ") || this == AWQ || this == ROWS || name().contains("INPUTS");
      return reads ? Optional.of("statistics") : Optional.empty();
    }

    boolean isAsked(String network) {
      return isFor(network) && (LINES.isEmpty() || List.of(LINES.split(",")).contains(name()));
    }

    /** Of a convolutional network MatMulNBits and MatMulBnb4 would take hardly anything. */
    boolean isFor(String network) {
      boolean ofProducts =
          Set.of(UINT4_32, MSE_32, SQUARES_32, SQUARES_AWQ, AWQ, ROWS).contains(this)
              || recipe.contains("nbits")
              || recipe.contains("bnb4");
      return TEXTS.contains(network) ? this != GPTQ_DEPTHWISE : !ofProducts;
    }
  }

  @TempDir static Path folder;

  @Test
  void tableOfMappings() throws IOException {
    List<String> table = new ArrayList<>();
    table.add(
        "| network | weights | bits | SQNR dB | cosine mean | min | same argmax | MB |"
            + " time over float | CPU s |");
    table.add("|---|---|---|---|---|---|---|---|---|---|");
    try (Stream<Path> recipes = Files.list(Path.of("..", "conf", "recipes"))) {
      for (Path recipe : recipes.filter(file -> file.toString().endsWith(".conf")).toList()) {
        Files.copy(recipe, folder.resolve(recipe.getFileName().toString()));
      }
    }
    Map<String, Network> networks = Network.all(folder.resolve("data"));
    for (String name : NETWORKS) {
      Network network = networks.get(name);
      List<Line> lines = Stream.of(Line.values()).filter(line -> line.isAsked(name)).toList();
      if (lines.stream().anyMatch(line -> line.statistics().equals(Optional.of("statistics")))) {
        calibrate(name, network, "statistics");
      }
      if (lines.stream().anyMatch(line -> line.statistics().equals(Optional.of("squares")))) {
        calibrate(name, network, "squares", "--gram-memory", "0");
      }
      for (Line line : lines) {
        table.add(measured(name, network, line));
        Files.write(Path.of("target", "mappings.md"), table, StandardCharsets.UTF_8);
      }
    }
    if (LINES.isEmpty()) {
      Document.ACCURACY.replace("table of mappings", table, ALL, NETWORKS);
    }
  }

  private static void calibrate(String name, Network network, String output, String... more) {
    List<String> arguments =
        network.arguments(
            "calibrate",
            "--data",
            network.calibration().toString(),
            "--channels",
            "histogram",
            "--collect",
            "histogram,gram",
            "--samples",
            TEXTS.contains(name) ? "128" : "64",
            "--output",
            path(name, output));
    arguments.addAll(List.of(more));
    run(arguments);
  }

  private static String measured(String name, Network network, Line line) throws IOException {
    String own = line.name().toLowerCase(Locale.ROOT);
    Path recipe = folder.resolve(name + "-" + own + ".conf");
    Files.writeString(recipe, "include \"" + line.recipe + ".conf\"\n" + line.change + "\n");
    String model = network.model().toString();
    long before = processorTime();
    List<String> select =
        new ArrayList<>(
            List.of(
                "select",
                "--model",
                model,
                "--recipe",
                recipe.toString(),
                "--output",
                path(name, own + "-plan")));
    line.statistics().ifPresent(from -> select.addAll(List.of("--statistics", path(name, from))));
    run(select);
    run(
        List.of(
            "quantize",
            "--plan",
            path(name, own + "-plan"),
            "--model",
            model,
            "--output",
            path(name, own)));
    double seconds = (processorTime() - before) / 1e9;
    List<String> evaluate =
        network.arguments(
            "evaluate",
            "--data",
            network.evaluation().toString(),
            "--samples",
            "128",
            "--quantized",
            path(name, own),
            "--output",
            path(name, own + "-quality"));
    if (LATENCY) {
      evaluate.add("--latency");
    }
    run(evaluate);
    JsonNode quality = CommandLine.json(Path.of(path(name, own + "-quality"), "quality.json"));
    JsonNode outputs = quality.path("outputs");
    JsonNode headline = outputs.get(outputs.size() - 1);
    assertThat(headline.path("sqnr-db").isNumber()).isTrue();
    JsonNode argmax = headline.path("argmax-agreement");
    return String.format(
        Locale.ROOT,
        "| %s | %s (`%s`) | %s | %.1f | %.4f | %.4f | %s | %.2f | %s | %.1f |",
        name,
        line.title,
        line.recipe,
        line.bits,
        headline.path("sqnr-db").asDouble(),
        headline.path("cosine").path("mean").asDouble(),
        headline.path("cosine").path("min").asDouble(),
        argmax.isMissingNode() ? "" : String.format(Locale.ROOT, "%.3f", argmax.asDouble()),
        Files.size(Path.of(path(name, own), "model.onnx")) / 1e6,
        time(quality),
        seconds);
  }

  /**
   * The ratio of times on the same batches in one process, with its interval if it was measured.
   */
  private static String time(JsonNode quality) {
    JsonNode latency = quality.path("latency");
    return latency.isMissingNode()
        ? String.format(Locale.ROOT, "%.2f", quality.path("quantized-time-over-float").asDouble())
        : String.format(
            Locale.ROOT,
            "%.2f (%.2f to %.2f)",
            latency.path("ratio").asDouble(),
            latency.path("ratio-low").asDouble(),
            latency.path("ratio-high").asDouble());
  }

  private static long processorTime() {
    return ((com.sun.management.OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean())
        .getProcessCpuTime();
  }

  private static String path(String network, String name) {
    return folder.resolve(network + "-" + name).toString();
  }

  private static void run(List<String> arguments) {
    CommandLine.tare(arguments.toArray(String[]::new)).ends(0);
  }
}
