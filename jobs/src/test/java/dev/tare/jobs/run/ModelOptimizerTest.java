package dev.tare.jobs.run;

import static dev.tare.jobs.run.CommandLine.tare;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.tare.engine.export.TensorRtCache;
import dev.tare.testkit.PythonEnvironment;
import dev.tare.testkit.SmallModels;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** NVIDIA's Model Optimizer reads our calibration cache; it needs PyTorch, some 6 GB. */
@Tag("extended")
class ModelOptimizerTest {

  @TempDir private Path folder;

  @Test
  void theScalesOfTheCacheAreTheScalesOfItsModel() throws IOException {
    Path model = Path.of(SmallModels.residualCnn().write(folder.resolve("network.onnx")));
    String data =
        CommandLine.write(
            folder.resolve("data"), "image array<array<array<float>>>", TargetRunTest.images());
    Path run = folder.resolve("run");
    tare(
            "run",
            "--model",
            model.toString(),
            "--data",
            data,
            "--eval-data",
            data,
            "--min-cosine",
            "0",
            "--target",
            "tensorrt",
            "--output",
            run.toString())
        .ends(0);
    Path cache = run.resolve("calibration.cache");
    String printed =
        PythonEnvironment.of(Path.of("src/test/python/requirements-model-optimizer.txt"))
            .script(
                Path.of("src/test/python/model_optimizer_cache.py").toString(),
                model.toString(),
                cache.toString(),
                folder.toString())
            .strip();
    Map<String, String> expected = new TreeMap<>();
    TensorRtCache.parse(Files.readString(cache))
        .scales()
        .forEach(
            (tensor, scale) ->
                expected.put(tensor, HexFormat.of().toHexDigits(Float.floatToRawIntBits(scale))));
    assertThat(expected).containsOnlyKeys("image", "r1", "a");
    Map<?, ?> scales =
        new ObjectMapper().readValue(printed.substring(printed.lastIndexOf('\n') + 1), Map.class);
    assertThat(scales).isEqualTo(expected);
  }
}
