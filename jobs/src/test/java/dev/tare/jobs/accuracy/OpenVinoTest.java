package dev.tare.jobs.accuracy;

import static dev.tare.jobs.run.CommandLine.gaussian;
import static dev.tare.jobs.run.CommandLine.json;
import static dev.tare.jobs.run.CommandLine.tare;
import static dev.tare.jobs.run.CommandLine.write;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.tare.jobs.artifact.Latency;
import dev.tare.jobs.artifact.PlacementTrials;
import dev.tare.jobs.run.CommandLine;
import dev.tare.testkit.Models;
import dev.tare.testkit.PythonEnvironment;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.SortedMap;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Models for OpenVINO run there in integer kernels, and compute what was predicted.
 *
 * <p>Makes a Python environment under {@code target}; where it cannot, it is skipped, and fails
 * where {@code CI} is {@code true}.
 */
@Tag("slow")
class OpenVinoTest {

  @TempDir static Path data;
  @TempDir Path folder;

  private static String python;
  private static SortedMap<String, Network> networks;

  @BeforeAll
  static void environment() throws IOException {
    python =
        PythonEnvironment.of(Path.of("src/test/python/requirements-openvino.txt"))
            .home()
            .resolve("bin/python")
            .toString();
    networks = Network.all(data);
  }

  /**
   * Of cls the one product beside its 53 convolutions is its last layer. The pages for det have
   * three sizes; several operators read the results of some of its convolutions.
   */
  @ParameterizedTest
  @CsvSource({"MiniLM, 36, 32, 16", "cls, 54, 32, 16", "rec, 47, 64, 128", "det, 62, 3, 3"})
  void runsInIntegersAsPredicted(String name, int integerProducts, int calibrated, int samples)
      throws IOException {
    Network network = networks.get(name);
    Path run = folder.resolve(name);
    List<String> words =
        network.arguments(
            "run",
            "--data",
            network.calibration().toString(),
            "--eval-data",
            network.evaluation().toString(),
            "--samples",
            String.valueOf(calibrated),
            "--eval-samples",
            String.valueOf(samples),
            "--recipe",
            "int8",
            "--min-cosine",
            "0",
            "--target",
            "openvino",
            "--python",
            python,
            "--output",
            run.toString());
    CommandLine.Result result = tare(words.toArray(String[]::new));
    result.ends(0);
    JsonNode target = json(run.resolve("quality.json")).path("target");
    assertThat(target.path("name").asText()).isEqualTo("openvino");
    assertThat(target.path("runtime").asText()).startsWith("OpenVINO 2026.4.1");
    assertThat(target.path("samples").asInt()).isEqualTo(samples);
    assertThat(target.path("integer-products").asInt()).isGreaterThanOrEqualTo(integerProducts);
    assertThat(target.path("outputs")).isNotEmpty();
    assertThat(result.out())
        .contains("target openvino (OpenVINO 2026.4.1", "products in integers", "dB predicted");
    if (name.equals("cls")) {
      // White and black pixels set the range, so that every grey lies between two codes of the
      // input, and the runtimes round many of them to different ones; half a code there is
      // decibels at the two outputs of a Softmax.
      assertThat(target.path("parting").asText()).contains("they part at input 'x'");
      assertThat(result.out())
          .contains("Warning: ", " was predicted at ", "they part at input 'x'");
      return;
    }
    for (JsonNode output : target.path("outputs")) {
      assertThat(output.path("measured-sqnr-db").asDouble())
          .as(target.toString())
          .isCloseTo(output.path("predicted-sqnr-db").asDouble(), Offset.offset(0.5));
    }
  }

  /** Which one is chosen depends on the machine; what it gives does not. */
  @Test
  void placementsAreTimedInOpenVino() throws IOException {
    String model =
        Models.opset(13)
            .input("x", "batch", 256)
            .constant(Models.longs("image", -1L, 16L, 4L, 4L))
            .weight("k1", 16, 16, 1, 1)
            .weight("k2", 16, 16, 1, 1)
            .node("Reshape", "x image", "i")
            .node("Conv", "i k1", "c1")
            .node("Relu", "c1", "r")
            .node("Conv", "r k2", "y")
            .output("y")
            .write(folder.resolve("model.onnx"));
    String data = write(folder.resolve("data"), "x array<float>", gaussian(40, 256, 1));
    Path run = folder.resolve("run");
    CommandLine.Result result = placed(model, data, "fastest", run);
    result.ends(0);
    PlacementTrials trials =
        PlacementTrials.parse(Files.readString(run.resolve("placements.json")), "trials");
    assertThat(trials.target()).isEqualTo("openvino");
    assertThat(trials.trials()).hasSize(5);
    Latency timed = trials.chosen().figures().orElseThrow().latency();
    assertThat(timed.runtime())
        .startsWith("OpenVINO 2026.4.1")
        .containsPattern("INFERENCE_PRECISION_HINT=(f32|bf16|f16) [(]its default[)]");
    assertThat(timed.pairs()).isGreaterThanOrEqualTo(20);
    JsonNode latency = json(run.resolve("quality.json")).path("latency");
    assertThat(latency.path("runtime").asText()).isEqualTo(timed.runtime());
    assertThat(result.err()).contains(trials.chosen().name() + " is chosen");

    Path named = folder.resolve("named");
    placed(model, data, trials.chosen().name(), named).ends(0);
    for (String file : List.of("model.onnx", "plan.json")) {
      assertThat(named.resolve(file)).hasSameBinaryContentAs(run.resolve(file));
    }
  }

  private static CommandLine.Result placed(
      String model, String data, String placement, Path output) {
    return tare(
        "run",
        "--model",
        model,
        "--data",
        data,
        "--target",
        "openvino",
        "--placement",
        placement,
        "--latency",
        "--python",
        python,
        "--output",
        output.toString());
  }
}
