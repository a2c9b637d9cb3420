package dev.tare.jobs.checkpoint;

import static dev.tare.jobs.run.CommandLine.tare;
import static org.assertj.core.api.Assertions.assertThat;

import dev.tare.testkit.PythonEnvironment;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
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

  /** Layers of the same layout and of three, which the configuration names by expressions. */
  private static final Map<String, String> RULES =
      new TreeMap<>(
          Map.of(
              "attention",
              """
              include "w4a16-g128"
              rules = [{ tensors = "*.self_attn.*", type = int8, granularity = per-channel }]
              """,
              "layouts",
              """
              include "w4a16-g128"
              rules = [
                { tensors = "*.self_attn.*", type = int8, granularity = per-channel,
                  inputs = dynamic-token }
                { tensors = "*.layers.1.mlp.down_proj", type = nvfp4, group-size = 16 }
              ]
              """));

  @TempDir private Path folder;

  @Test
  void logitsAreThoseOfTheFakeQuantizedModel() throws IOException {
    PythonEnvironment python =
        PythonEnvironment.of(Path.of("src/test/python/requirements-compressed-tensors.txt"));
    String script = Path.of("src/test/python/small_llama.py").toString();
    String source = folder.resolve("llama").toString();
    python.script(script, "make", source);
    List<String> check = new ArrayList<>(List.of(script, "check", source));
    Map<String, String> recipes = new LinkedHashMap<>();
    RECIPES.forEach(name -> recipes.put(name, name));
    for (Map.Entry<String, String> rules : RULES.entrySet()) {
      Path file = folder.resolve(rules.getKey() + ".conf");
      recipes.put(rules.getKey(), Files.writeString(file, rules.getValue()).toString());
    }
    recipes.forEach(
        (name, recipe) -> {
          Path run = folder.resolve(name);
          tare("quantize", "--recipe", recipe, "--model", source, "--output", run.toString())
              .ends(0);
          check.add(run.resolve("model").toString());
        });
    String printed = python.script(check.toArray(String[]::new));
    for (String recipe : recipes.keySet()) {
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
