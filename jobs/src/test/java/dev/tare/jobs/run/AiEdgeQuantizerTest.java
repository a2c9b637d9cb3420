package dev.tare.jobs.run;

import static dev.tare.jobs.run.CommandLine.gaussian;
import static dev.tare.jobs.run.CommandLine.plan;
import static dev.tare.jobs.run.CommandLine.tare;
import static dev.tare.jobs.run.CommandLine.tareAlone;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.tare.engine.plan.TensorPlan;
import dev.tare.engine.recipe.Role;
import dev.tare.testkit.PythonEnvironment;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * AI Edge Quantizer reads the ranges that we export, and finds our zero points and scales from
 * them: it subtracts the ends in float64 and we in float32, so a last bit may differ.
 */
@Tag("extended")
class AiEdgeQuantizerTest {

  private static final int ROWS = 40;
  private static final int VALUES = 8 * 8 * 3;

  @TempDir private Path folder;

  @Test
  void theScalesOfItsModelAreThoseOfThePlan() throws IOException {
    Path model = folder.resolve("tiny.tflite");
    try (InputStream in = AiEdgeQuantizerTest.class.getResourceAsStream("tiny.tflite")) {
      Files.copy(in, model);
    }
    Path run = folder.resolve("run");
    tare(
            "run",
            "--model",
            model.toString(),
            "--data",
            LiteRunTest.images(folder.resolve("data"), gaussian(ROWS, VALUES, 3)),
            "--target",
            "tflite",
            "--output",
            run.toString())
        .ends(0);
    Path ranges = folder.resolve("ranges.json");
    tareAlone("export", run.toString(), "--format", "aeq-json", "--out", ranges.toString()).ends(0);
    String printed =
        PythonEnvironment.of(Path.of("src/test/python/requirements-ai-edge-quantizer.txt"))
            .script(
                Path.of("src/test/python/ai_edge_quantizer_ranges.py").toString(),
                model.toString(),
                ranges.toString(),
                folder.resolve("theirs.tflite").toString())
            .strip();
    JsonNode scales = new ObjectMapper().readTree(printed.substring(printed.lastIndexOf('\n') + 1));
    List<TensorPlan> activations = plan(run).quantized(Role.ACTIVATION);
    assertThat(activations).hasSize(7);
    for (TensorPlan activation : activations) {
      JsonNode theirs = scales.path(activation.tensor());
      float scale = activation.scales()[0];
      // By their bits, since decimal forms of neighbours can differ by more than a last bit.
      int lastBits =
          Float.floatToIntBits(theirs.path(0).floatValue()) - Float.floatToIntBits(scale);
      assertThat(lastBits).as(activation.tensor()).isBetween(-1, 1);
      assertThat(theirs.path(1).intValue()).isEqualTo(activation.zeroPoints()[0]);
    }
  }
}
