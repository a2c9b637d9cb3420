package dev.tare.jobs.checkpoint;

import static dev.tare.jobs.run.CommandLine.tare;
import static org.assertj.core.api.Assertions.assertThat;

import dev.tare.jobs.run.CommandLine;
import dev.tare.testkit.PythonEnvironment;
import java.io.IOException;
import java.nio.file.Files;
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

  /**
   * Layers with other groups than the rest; the last one gives parts of one layer different ones.
   */
  private static final Map<String, String> RULES =
      new TreeMap<>(
          Map.of(
              "groups",
              """
              include "w4a16-g128"
              rules = [{ tensors = "*.self_attn.*", group-size = 32 }]
              """,
              "layouts",
              """
              include "w4a16-g128"
              rules = [
                { tensors = "*.self_attn.*", type = int8, granularity = per-channel,
                  inputs = dynamic-token }
              ]
              """,
              "torn",
              """
              include "w4a16-g128"
              rules = [{ tensors = "*.q_proj", group-size = 32 }]
              """));

  @TempDir private Path folder;

  @Test
  void whatVllmComputesIsTheFakeQuantizedModel() throws IOException {
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
    recipes.addAll(RULES.keySet());
    for (String recipe : recipes) {
      Path run = folder.resolve(recipe);
      String place =
          RULES.containsKey(recipe)
              ? Files.writeString(folder.resolve(recipe + ".conf"), RULES.get(recipe)).toString()
              : recipe;
      CommandLine.Result result =
          tare("quantize", "--recipe", place, "--model", source, "--output", run.toString())
              .ends(0);
      assertThat(result.err().contains("vLLM refuses")).isEqualTo(recipe.equals("torn"));
      check.add(run.resolve("model").toString());
    }
    String printed = python.script(check.toArray(String[]::new));
    assertThat(result(printed, "torn")).startsWith("RESULT torn refused");
    List<String> exact = new ArrayList<>(LOADED);
    exact.add("groups");
    for (String recipe : exact) {
      String[] words = result(printed, recipe).split(" ", -1);
      assertThat(words[2]).as(String.join(" ", words)).isEqualTo("loaded");
      // Both compute in BF16, and add in another order.
      double difference = Double.parseDouble(words[5]);
      double away = Double.parseDouble(words[6]);
      assertThat(difference).as(recipe).isLessThan(away / 10);
      assertThat(Integer.parseInt(words[7])).as(recipe + ": tokens of 32").isGreaterThan(25);
    }
    for (String recipe : List.of("w8a8-dynamic", "layouts")) {
      String[] words = result(printed, recipe).split(" ", -1);
      assertThat(words[2]).as(String.join(" ", words)).isEqualTo("loaded");
      // In BF16 the sums alone differ by some 0.002.
      assertThat(Double.parseDouble(words[5])).as(recipe).isLessThan(0.01);
    }
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
