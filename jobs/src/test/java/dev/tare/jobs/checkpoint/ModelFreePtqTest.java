package dev.tare.jobs.checkpoint;

import static dev.tare.jobs.run.CommandLine.tare;
import static org.assertj.core.api.Assertions.assertThat;

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
 * llm-compressor, quantizing without data, writes the bytes that are written here: of a small Llama
 * in F32, in one file, since it wants weights that share a scale in one. It needs PyTorch, some 6
 * GB.
 *
 * <p>Of weights in BF16 it rounds quotients, or scales on their way, to BF16, and its bytes differ.
 */
@Tag("extended")
class ModelFreePtqTest {

  /** Its schemes by the names of recipes. */
  private static final Map<String, String> SCHEMES =
      new TreeMap<>(
          Map.of(
              "w4a16-g128", "W4A16",
              "w4a16-g128-asym", "W4A16_ASYM",
              "w8a16-g128", "W8A16",
              "w8a8-dynamic", "INT8",
              "fp8-dynamic", "FP8_DYNAMIC",
              "fp8-b128-dynamic", "FP8_BLOCK",
              "mxfp4a16", "MXFP4A16",
              "nvfp4a16", "NVFP4A16"));

  /** Attention in float8, the rest in 4 bits, there and here. */
  private static final String MIXED = "FP8_DYNAMIC@re:.*self_attn.*,W4A16@re:.*mlp.*";

  private static final String RULES =
      """
      include "w4a16-g128"
      rules = [
        { tensors = "*.self_attn.*", type = float8e4m3fn, granularity = per-channel,
          inputs = dynamic-token }
      ]
      """;

  @TempDir private Path folder;

  @Test
  void bytesAreThoseOfLlmCompressor() throws IOException {
    PythonEnvironment python =
        PythonEnvironment.exactly(Path.of("src/test/python/requirements-llm-compressor.txt"));
    String source = folder.resolve("llama").toString();
    python.script(Path.of("src/test/python/small_llama.py").toString(), "make", source, "float32");
    List<String> compare = new ArrayList<>();
    compare.add(Path.of("src/test/python/model_free_ptq.py").toString());
    compare.addAll(List.of(source, folder.resolve("theirs").toString()));
    Map<String, String> schemes = new TreeMap<>(SCHEMES);
    schemes.put(Files.writeString(folder.resolve("mixed.conf"), RULES).toString(), MIXED);
    List<String> names = new ArrayList<>();
    schemes.forEach(
        (recipe, scheme) -> {
          String name = Path.of(recipe).getFileName().toString();
          Path run = folder.resolve("run-" + name);
          tare("quantize", "--recipe", recipe, "--model", source, "--output", run.toString())
              .ends(0);
          compare.add("%s=%s=%s".formatted(name, scheme, run.resolve("model")));
          names.add(name);
        });
    String printed = python.script(compare.toArray(String[]::new));
    assertThat(printed)
        .contains(
            "FORMATS mixed.conf True ['mixed-precision', 'float-quantized', 'pack-quantized']");
    for (String recipe : names) {
      String[] words =
          printed
              .lines()
              .filter(line -> line.startsWith("RESULT " + recipe + " "))
              .findFirst()
              .orElseThrow(() -> new AssertionError(printed))
              .split(" ", -1);
      assertThat(words[3]).as(recipe + ": tensors").isEqualTo(words[2]);
      assertThat(words[4])
          .as(recipe + ": equal; others " + String.join(" ", words))
          .isEqualTo(words[2]);
      assertThat(Integer.parseInt(words[2])).as(recipe).isGreaterThan(14 + 5);
    }
  }
}
