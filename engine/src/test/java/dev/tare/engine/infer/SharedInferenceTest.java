package dev.tare.engine.infer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tare.engine.infer.ort.OrtRuntime;
import dev.tare.engine.model.ModelFile;
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

  private static void assertRuns(Session inference) {
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
    SharedInference.Lease two =
        SharedInference.lease(OrtRuntime.INSTANCE, ModelFile.of(file), TestModels.OPTIONS);
    try (SharedInference.Lease one =
            SharedInference.lease(OrtRuntime.INSTANCE, ModelFile.of(file), TestModels.OPTIONS);
        SharedInference.Lease other =
            SharedInference.lease(OrtRuntime.INSTANCE, ModelFile.of(file), plain)) {
      assertThat(two.session()).isSameAs(one.session());
      assertThat(other.session()).isNotSameAs(one.session());
      two.close();
      two.close();
      assertRuns(one.session());
    }
    try (SharedInference.Lease later =
        SharedInference.lease(OrtRuntime.INSTANCE, ModelFile.of(file), TestModels.OPTIONS)) {
      assertRuns(later.session());
    }
  }

  @Test
  void idleSessionsAreClosedLeastRecentlyUsedFirst() {
    try (SharedInference.Lease used =
        SharedInference.lease(
            OrtRuntime.INSTANCE, ModelFile.of(model("u.onnx")), TestModels.OPTIONS)) {
      SharedInference.Lease a =
          SharedInference.lease(
              OrtRuntime.INSTANCE, ModelFile.of(model("a.onnx")), TestModels.OPTIONS);
      a.close();
      Session b;
      try (SharedInference.Lease lease =
          SharedInference.lease(
              OrtRuntime.INSTANCE, ModelFile.of(model("b.onnx")), TestModels.OPTIONS)) {
        b = lease.session();
      }
      SharedInference.lease(OrtRuntime.INSTANCE, ModelFile.of(model("c.onnx")), TestModels.OPTIONS)
          .close();
      assertRuns(used.session());
      try (SharedInference.Lease again =
          SharedInference.lease(
              OrtRuntime.INSTANCE, ModelFile.of(folder.resolve("b.onnx")), TestModels.OPTIONS)) {
        assertThat(again.session()).isSameAs(b);
      }
      try (SharedInference.Lease again =
          SharedInference.lease(
              OrtRuntime.INSTANCE, ModelFile.of(folder.resolve("a.onnx")), TestModels.OPTIONS)) {
        assertThat(again.session()).isNotSameAs(a.session());
        assertRuns(again.session());
      }
    }
  }

  @Test
  void modelThatDoesNotLoadLeavesNothingBehind() throws IOException {
    Path file = folder.resolve("late.onnx");
    assertThatThrownBy(
            () ->
                SharedInference.lease(OrtRuntime.INSTANCE, ModelFile.of(file), TestModels.OPTIONS))
        .isInstanceOf(InferenceException.class)
        .hasMessageStartingWith("Cannot read model 'late.onnx': ");
    Files.writeString(file, "no model");
    assertThatThrownBy(
            () ->
                SharedInference.lease(OrtRuntime.INSTANCE, ModelFile.of(file), TestModels.OPTIONS))
        .isInstanceOf(InferenceException.class)
        .hasMessageStartingWith("ONNX Runtime cannot load model 'late.onnx': ");
    model("late.onnx");
    try (SharedInference.Lease lease =
        SharedInference.lease(OrtRuntime.INSTANCE, ModelFile.of(file), TestModels.OPTIONS)) {
      assertRuns(lease.session());
    }
  }
}
