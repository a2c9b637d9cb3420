package dev.tare.jobs.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.tare.engine.infer.InferenceOptions;
import dev.tare.engine.infer.Session;
import dev.tare.engine.infer.ort.OrtRuntime;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A model of more than 2 GiB through the built jar, in a JVM whose heap is smaller than it, and
 * than its float model that comes back from the integers, which is larger than one file of ONNX
 * too. Needs 6 GB of disk.
 */
@Tag("extended")
class LargeModelIT {

  private static final long LIMIT_SECONDS = 1800;

  @TempDir private Path folder;

  @Test
  void sizeIsNoLimit() throws IOException, InterruptedException {
    Path model = folder.resolve("model.onnx");
    long bytes = LargeModel.write(model);
    assertThat(bytes).isGreaterThan(1L << 31);
    List<String> texts = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      texts.add("the %d days of rain and %d of sun".formatted(i * i, 7 * i));
    }
    Files.write(folder.resolve("texts.txt"), texts);
    Path run = folder.resolve("run");
    tare(
        "run",
        "--model",
        model.toString(),
        "--tokenizer",
        Path.of(System.getProperty("tare.assets"), "all-minilm-l6-v2-tokenizer.json").toString(),
        "--data",
        folder.resolve("texts.txt").toString(),
        "--min-cosine",
        "0.99",
        "--output",
        run.toString());

    JsonNode manifest = new ObjectMapper().readTree(run.resolve("manifest.json").toFile());
    assertThat(manifest.path("properties").path("gate").asText()).isEqualTo("passed");
    JsonNode quantization = manifest.path("properties").path("quantization");
    assertThat(quantization.path("constants").asInt()).isEqualTo(9);
    assertThat(quantization.path("float-model-bytes").asLong())
        .isEqualTo(Files.size(model) + bytes);
    assertThat(Files.size(run.resolve("model.onnx"))).isBetween(bytes / 4, bytes / 4 + (8 << 20));
    assertThat(run.resolve("model.onnx.data")).doesNotExist();

    Path back = folder.resolve("float");
    tare("dequantize", run.toString(), "--output", back.toString());
    assertThat(Files.size(back.resolve("model.onnx"))).isLessThan(1 << 20);
    assertThat(Files.size(back.resolve("model.onnx.data")))
        .isBetween(bytes, bytes + (1 << 20))
        .isGreaterThan(1L << 31);
    assertThat(new ObjectMapper().readTree(back.resolve("manifest.json").toFile()).path("files"))
        .extracting(file -> file.path("path").asText())
        .contains("model.onnx", "model.onnx.data");
    try (Session inference =
        OrtRuntime.INSTANCE.open(back.resolve("model.onnx"), InferenceOptions.of(2))) {
      assertThat(inference.floatOutputs()).containsExactly("h4");
    }
  }

  private void tare(String... words) throws IOException, InterruptedException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("tare.root"), "deploy", "tare").toString());
    command.addAll(List.of("--driver-memory", "1g"));
    command.addAll(List.of(words));
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.environment().remove("SPARK_HOME");
    Path out = folder.resolve("out");
    Process process = builder.redirectOutput(out.toFile()).start();
    if (!process.waitFor(LIMIT_SECONDS, TimeUnit.SECONDS)) {
      process.destroy();
    }
    assertThat(process.waitFor()).as(Files.readString(out)).isZero();
  }
}
