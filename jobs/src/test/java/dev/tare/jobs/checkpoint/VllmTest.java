package dev.tare.jobs.checkpoint;

import static dev.tare.jobs.run.CommandLine.tare;
import static org.assertj.core.api.Assertions.assertThat;

import dev.tare.testkit.PythonEnvironment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * vLLM on a processor with AVX-512 loads what is written, and computes what the float model
 * computes with the weights that the stored integers stand for; it needs PyTorch and vLLM, some 6
 * GB.
 */
@Tag("extended")
class VllmTest {

  private static final List<String> LOADED =
      List.of("w4a16-g32", "w4a16-g64", "w4a16-g128", "w4a16-g128-asym", "w4a16-g128-mse");

  /** What vLLM says of formats for which it has no kernel on such a processor. */
  private static final Map<String, String> REFUSED =
      new TreeMap<>(
          Map.of(
              "w8a16", "Quant type (uint8b128) not supported by CPUWNA16",
              "mxfp4a16", "Failed to find a kernel that can implement the MXFP4 linear layer",
              "nvfp4a16", "Marlin FP4 not available"));

  @TempDir private Path folder;

  @Test
  void whatVllmComputesIsTheFakeQuantizedModel() {
    PythonEnvironment python =
        PythonEnvironment.exactly(Path.of("src/test/python/requirements-vllm.txt"));
    String source = folder.resolve("llama").toString();
    python.script(Path.of("src/test/python/small_llama.py").toString(), "make", source);
    List<String> check = new ArrayList<>();
    check.add(Path.of("src/test/python/vllm_llama.py").toString());
    check.add(source);
    List<String> recipes = new ArrayList<>(LOADED);
    recipes.add("w8a8-dynamic");
    recipes.addAll(REFUSED.keySet());
    for (String recipe : recipes) {
      Path run = folder.resolve(recipe);
      tare("quantize", "--recipe", recipe, "--model", source, "--output", run.toString()).ends(0);
      check.add(run.resolve("model").toString());
    }
    String printed = python.script(check.toArray(String[]::new));
    for (String recipe : LOADED) {
      String[] words = result(printed, recipe).split(" ", -1);
      assertThat(words[2]).as(String.join(" ", words)).isEqualTo("loaded");
      // Both compute in BF16, and add in another order.
      double difference = Double.parseDouble(words[5]);
      double away = Double.parseDouble(words[6]);
      assertThat(difference).as(recipe).isLessThan(away / 10);
      assertThat(Integer.parseInt(words[7])).as(recipe + ": tokens of 32").isGreaterThan(25);
    }
    String[] words = result(printed, "w8a8-dynamic").split(" ", -1);
    assertThat(words[2]).as(String.join(" ", words)).isEqualTo("loaded");
    // In BF16 the sums alone differ by some 0.002.
    assertThat(Double.parseDouble(words[5])).as("w8a8-dynamic").isLessThan(0.01);
    REFUSED.forEach(
        (recipe, reason) ->
            assertThat(result(printed, recipe))
                .startsWith("RESULT " + recipe + " refused")
                .contains(reason));
  }

  private static String result(String printed, String recipe) {
    return printed
        .lines()
        .filter(line -> line.startsWith("RESULT " + recipe + " "))
        .findFirst()
        .orElseThrow(() -> new AssertionError(printed));
  }
}
