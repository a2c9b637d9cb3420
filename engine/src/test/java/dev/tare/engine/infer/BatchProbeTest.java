package dev.tare.engine.infer;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tare.engine.infer.ort.OrtRuntime;
import dev.tare.engine.tensor.Sample;
import dev.tare.testkit.Models;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BatchProbeTest {

  private static final List<Sample> SAMPLES =
      List.of(
          TestModels.sample(1, -2, 3),
          TestModels.sample(-4, 5, 6),
          TestModels.sample(7),
          TestModels.sample(8, -9));

  @TempDir Path folder;

  private int largestSafe(Models model, int batchSize, String... outputs) {
    Path file = TestModels.write(model, folder.resolve("m.onnx"));
    try (Session inference = OrtRuntime.INSTANCE.open(file, TestModels.OPTIONS)) {
      return BatchProbe.largestSafe(inference, List.of(outputs), SAMPLES, batchSize);
    }
  }

  @Test
  void modelThatKeepsRowsApartMayBatch() {
    assertThat(largestSafe(TestModels.elementwise(), 5, "relu", "twice")).isEqualTo(5);
    assertThat(largestSafe(TestModels.elementwise(), 2, "relu")).isEqualTo(2);
    assertThat(largestSafe(TestModels.elementwise(), 1, "relu")).isEqualTo(1);
  }

  @Test
  void tensorWithoutABatchDimensionForbidsBatches() {
    assertThat(largestSafe(TestModels.withoutBatch(), 4, "relu", "top")).isEqualTo(1);
    assertThat(largestSafe(TestModels.withoutBatch(), 4, "relu")).isEqualTo(4);
  }

  @Test
  void tensorThatMixesRowsForbidsBatches() {
    assertThat(largestSafe(TestModels.mixing(), 2, "less")).isEqualTo(1);
    assertThat(largestSafe(TestModels.mixing(), 2, "twice")).isEqualTo(2);
  }
}
