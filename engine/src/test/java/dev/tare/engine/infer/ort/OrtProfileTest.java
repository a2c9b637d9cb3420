package dev.tare.engine.infer.ort;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tare.engine.infer.InferenceException;
import dev.tare.engine.infer.OperatorTime;
import dev.tare.engine.infer.Runner;
import dev.tare.engine.infer.TensorSink;
import dev.tare.engine.infer.TestModels;
import dev.tare.engine.model.ModelFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class OrtProfileTest {

  @TempDir Path folder;

  @Test
  void operatorsHaveTheMedianOfTheirRunsInTheOrderOfTheFirst() throws IOException {
    Path file =
        Files.writeString(
            folder.resolve("profile.json"),
            """
            [
            {"cat" : "Session", "dur" : 9, "name" : "session_initialization", "args" : {}},
            {"cat" : "Node", "dur" : 1, "name" : "b_fence_before", "args" : {"op_name" : "MatMul"}},
            {"cat" : "Node", "dur" : 4000, "name" : "b_kernel_time", "args" : {"op_name" : "MatMul"}},
            {"cat" : "Node", "dur" : 10, "name" : "a_kernel_time", "args" : {"op_name" : "Add"}},
            {"cat" : "Node", "dur" : 30, "name" : "a_kernel_time", "args" : {"op_name" : "Add"}},
            {"cat" : "Session", "dur" : 9000, "name" : "model_run", "args" : {}},
            {"cat" : "Node", "dur" : 2000, "name" : "b_kernel_time", "args" : {"op_name" : "MatMul"}},
            {"cat" : "Node", "dur" : 20, "name" : "a_kernel_time", "args" : {"op_name" : "Add"}},
            {"cat" : "Node", "dur" : 20, "name" : "a_kernel_time", "args" : {"op_name" : "Add"}},
            {"cat" : "Session", "dur" : 9000, "name" : "model_run", "args" : {}}
            ]
            """);
    // In a loop, a runs twice a run.
    assertThat(OrtProfile.times(file))
        .containsExactly(new OperatorTime("b", "MatMul", 3), new OperatorTime("a", "Add", 2 * .02));
  }

  @Test
  void aModelIsProfiledAndItsFilesAreGone() throws IOException {
    Path model = TestModels.write(TestModels.elementwise(), folder.resolve("m.onnx"));
    Path parent = Files.createDirectory(folder.resolve("parent"));
    List<OperatorTime> times =
        OrtProfile.of(
            ModelFile.of(model),
            TestModels.OPTIONS,
            session -> {
              assertThat(parent).isNotEmptyDirectory();
              Runner runner = session.runner(List.of("twice", "relu"));
              TensorSink ignored = (name, values, shape) -> {};
              for (int i = 0; i < 3; i++) {
                runner.run(List.of(TestModels.random(new Random(i), 5)), ignored);
              }
            },
            parent);
    assertThat(times).extracting(OperatorTime::kernel).contains("Relu");
    assertThat(times).allMatch(time -> time.millis() >= 0 && time.millis() < 60_000);
    assertThat(parent).isEmptyDirectory();
  }

  @Test
  void aModelThatCannotBeLoadedIsNamed() throws IOException {
    Path model = Files.writeString(folder.resolve("broken.onnx"), "no model");
    assertThatThrownBy(
            () -> OrtRuntime.INSTANCE.profile(ModelFile.of(model), TestModels.OPTIONS, s -> {}))
        .isInstanceOf(InferenceException.class)
        .hasMessageContaining("broken.onnx");
  }
}
