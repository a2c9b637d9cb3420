package dev.tare.jobs.checkpoint;

import static dev.tare.jobs.run.CommandLine.tare;
import static org.assertj.core.api.Assertions.assertThat;

import dev.tare.testkit.PythonEnvironment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * transformers loads what is written, and computes the logits of the float model with the weights
 * that the stored integers stand for; it needs PyTorch, some 6 GB.
 *
 * <p>Asymmetric weights of 4 bits are left out: transformers fails to load them, also those of the
 * library itself.
 */
@Tag("extended")
class TransformersTest {

  private static final List<String> RECIPES =
      List.of(
          "w4a16-g32",
          "w4a16-g64",
          "w4a16-g128",
          "w4a16-g128-mse",
          "w8a16",
          "w8a16-g128",
          "w8a16-mse",
          "w8a8-dynamic",
          "fp8-dynamic",
          "fp8-b128-dynamic",
          "mxfp4a16",
          "nvfp4a16");

  @TempDir private Path folder;

  @Test
  void logitsAreThoseOfTheFakeQuantizedModel() {
    PythonEnvironment python =
        PythonEnvironment.of(Path.of("src/test/python/requirements-compressed-tensors.txt"));
    String script = Path.of("src/test/python/small_llama.py").toString();
    String source = folder.resolve("llama").toString();
    python.script(script, "make", source);
    List<String> check = new ArrayList<>(List.of(script, "check", source));
    for (String recipe : RECIPES) {
      Path run = folder.resolve(recipe);
      tare("quantize", "--recipe", recipe, "--model", source, "--output", run.toString()).ends(0);
      check.add(run.resolve("model").toString());
    }
    String printed = python.script(check.toArray(String[]::new));
    for (String recipe : RECIPES) {
      String[] words =
          printed
              .lines()
              .filter(line -> line.startsWith(recipe + " "))
              .findFirst()
              .orElseThrow(() -> new AssertionError(printed))
              .split(" ", -1);
      assertThat(words[1]).as(recipe + ": layers").isEqualTo("14");
      assertThat(Double.parseDouble(words[2])).as(recipe + ": difference").isZero();
      // It is another model than the float one, so the comparison is not of float with float.
      assertThat(Double.parseDouble(words[3])).as(recipe + ": away").isGreaterThan(0.005);
    }
  }
}
