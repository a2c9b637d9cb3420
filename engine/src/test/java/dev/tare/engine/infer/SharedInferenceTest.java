package dev.tare.engine.infer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tare.engine.tensor.Shape;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SharedInferenceTest {

  @TempDir Path folder;

  private Path model(String name) {
    return TestModels.write(TestModels.elementwise(), folder.resolve(name));
  }

  private static void assertRuns(Inference inference) {
    assertThat(
            TestModels.run(inference.runner(List.of("relu")), List.of(TestModels.sample(1, -1)))
                .get("relu")
                .shape())
        .isEqualTo(Shape.of(1, 2));
  }

  @Test
  void tasksShareASessionPerModelAndOptions() {
    Path file = model("shared.onnx");
    InferenceOptions plain = new InferenceOptions(OptimizationLevel.NONE, 1);
    SharedInference.Lease two = SharedInference.lease(ModelFile.of(file), TestModels.OPTIONS);
    try (SharedInference.Lease one = SharedInference.lease(ModelFile.of(file), TestModels.OPTIONS);
        SharedInference.Lease other = SharedInference.lease(ModelFile.of(file), plain)) {
      assertThat(two.inference()).isSameAs(one.inference());
      assertThat(other.inference()).isNotSameAs(one.inference());
      two.close();
      two.close();
      assertRuns(one.inference());
    }
    try (SharedInference.Lease later =
        SharedInference.lease(ModelFile.of(file), TestModels.OPTIONS)) {
      assertRuns(later.inference());
    }
  }

  @Test
  void idleSessionsAreClosedLeastRecentlyUsedFirst() {
    try (SharedInference.Lease used =
        SharedInference.lease(ModelFile.of(model("u.onnx")), TestModels.OPTIONS)) {
      SharedInference.Lease a =
          SharedInference.lease(ModelFile.of(model("a.onnx")), TestModels.OPTIONS);
      a.close();
      Inference b;
      try (SharedInference.Lease lease =
          SharedInference.lease(ModelFile.of(model("b.onnx")), TestModels.OPTIONS)) {
        b = lease.inference();
      }
      SharedInference.lease(ModelFile.of(model("c.onnx")), TestModels.OPTIONS).close();
      assertRuns(used.inference());
      try (SharedInference.Lease again =
          SharedInference.lease(ModelFile.of(folder.resolve("b.onnx")), TestModels.OPTIONS)) {
        assertThat(again.inference()).isSameAs(b);
      }
      try (SharedInference.Lease again =
          SharedInference.lease(ModelFile.of(folder.resolve("a.onnx")), TestModels.OPTIONS)) {
        assertThat(again.inference()).isNotSameAs(a.inference());
        assertRuns(again.inference());
      }
    }
  }

  @Test
  void modelThatDoesNotLoadLeavesNothingBehind() throws IOException {
    Path file = folder.resolve("late.onnx");
    assertThatThrownBy(() -> SharedInference.lease(ModelFile.of(file), TestModels.OPTIONS))
        .isInstanceOf(InferenceException.class)
        .hasMessageStartingWith("Cannot read model 'late.onnx': ");
    Files.writeString(file, "no model");
    assertThatThrownBy(() -> SharedInference.lease(ModelFile.of(file), TestModels.OPTIONS))
        .isInstanceOf(InferenceException.class)
        .hasMessageStartingWith("ONNX Runtime cannot load model 'late.onnx': ");
    model("late.onnx");
    try (SharedInference.Lease lease =
        SharedInference.lease(ModelFile.of(file), TestModels.OPTIONS)) {
      assertRuns(lease.inference());
    }
  }
}
