package dev.tare.engine.infer.ort;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tare.engine.infer.InferenceException;
import dev.tare.engine.infer.InferenceOptions;
import dev.tare.engine.infer.OutputKind;
import dev.tare.engine.infer.Runner;
import dev.tare.engine.infer.Session;
import dev.tare.engine.infer.TensorSink;
import dev.tare.engine.infer.TestModels;
import dev.tare.engine.tensor.Sample;
import dev.tare.engine.tensor.Shape;
import dev.tare.engine.tensor.Tensor;
import dev.tare.testkit.Models;
import dev.tare.testkit.SmallModels;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.LongBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RunnerTest {

  @TempDir Path folder;

  private Session open(Models model) {
    return OrtRuntime.INSTANCE.open(
        TestModels.write(model, folder.resolve("m.onnx")), TestModels.OPTIONS);
  }

  private static Tensor expected(List<Sample> batch, boolean relu) {
    int n = TestModels.values(batch.get(0)).length;
    float[] values = new float[batch.size() * n];
    for (int i = 0; i < values.length; i++) {
      float x = TestModels.values(batch.get(i / n))[i % n];
      values[i] = relu ? Math.max(x, 0) : x + x;
    }
    return Tensor.ofFloats(Shape.of(batch.size(), n), values);
  }

  @Test
  void outputsAreRightHoweverShapesAlternateAndRepeat() {
    Random random = new Random(3);
    try (Session inference = open(TestModels.elementwise())) {
      Runner runner = inference.runner(List.of("twice", "relu"));
      int[][] shapes = {{1, 4}, {3, 2}, {1, 4}, {2, 9}, {3, 2}, {1, 1}, {2, 9}, {5, 30}, {1, 4}};
      for (int round = 0; round < 3; round++) {
        for (int[] shape : shapes) {
          List<Sample> batch = new ArrayList<>();
          for (int i = 0; i < shape[0]; i++) {
            batch.add(TestModels.random(random, shape[1]));
          }
          assertThat(TestModels.run(runner, batch))
              .isEqualTo(Map.of("relu", expected(batch, true), "twice", expected(batch, false)));
        }
      }
    }
  }

  @Test
  void firstRunAndLaterRunsGiveTheSameBits() {
    Random random = new Random(4);
    try (Session inference = open(SmallModels.mlp())) {
      Runner runner = inference.runner(List.of("y"));
      for (int size = 1; size <= 4; size++) {
        List<Sample> batch = new ArrayList<>();
        for (int i = 0; i < size; i++) {
          batch.add(TestModels.random(random, 6));
        }
        Map<String, Tensor> first = TestModels.run(runner, batch);
        assertThat(first.get("y").shape()).isEqualTo(Shape.of(size, 4));
        assertThat(TestModels.run(runner, batch)).isEqualTo(first);
        assertThat(TestModels.run(runner, batch)).isEqualTo(first);
        assertThat(TestModels.run(inference.runner(List.of("y")), batch)).isEqualTo(first);
      }
    }
  }

  @Test
  void outputWhoseShapeDependsOnValuesIsWhatEachSampleGave() {
    float[][] samples = {{1, -2, 3}, {-1, -2, -3}, {4, 5, 6}, {-7, 8, -9}, {0, 0, 0}, {1, 2, -3}};
    try (Session inference = open(TestModels.choosing())) {
      Runner runner = inference.runner(List.of("chosen", "relu", "twice"));
      for (int round = 0; round < 3; round++) {
        for (float[] x : samples) {
          Map<String, Tensor> seen = TestModels.run(runner, List.of(TestModels.sample(x)));
          assertThat(seen.get("chosen")).isEqualTo(positive(x));
          assertThat(seen.get("relu").toFloatArray()[1]).isEqualTo(Math.max(x[1], 0));
        }
      }
    }
  }

  private static Tensor positive(float[] x) {
    List<Float> chosen = new ArrayList<>();
    for (float value : x) {
      if (value > 0) {
        chosen.add(value);
      }
    }
    float[] values = new float[chosen.size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = chosen.get(i);
    }
    return Tensor.ofFloats(Shape.of(values.length), values);
  }

  @Test
  void emptyFirstOutputIsNoObstacleForLaterOnes() {
    try (Session inference = open(TestModels.choosing())) {
      Runner runner = inference.runner(List.of("chosen"));
      for (float[] x : new float[][] {{-1, -2}, {-3, 4}, {5, 6}, {-1, -1}, {7, -1}}) {
        assertThat(TestModels.run(runner, List.of(TestModels.sample(x))).get("chosen"))
            .isEqualTo(positive(x));
      }
    }
  }

  @Test
  void buffersOfOutputsWithFixedShapesAreReusedBesideOthers() {
    try (Session inference = open(TestModels.choosing())) {
      Runner runner = inference.runner(List.of("chosen", "relu"));
      Map<String, Boolean> direct = new HashMap<>();
      for (float[] x : new float[][] {{1, 2}, {-3, 4}, {5, -6}}) {
        runner.run(
            List.of(TestModels.sample(x)),
            (name, floats, shape) -> direct.put(name, floats.isDirect()));
      }
      assertThat(direct).isEqualTo(Map.of("chosen", false, "relu", true));
    }
  }

  @Test
  void outputsOfOtherTypesAreNumbersOrLabels() {
    Models model =
        TestModels.elementwise()
            .node("ArgMax", "x", "place", Models.integer("axis", 1))
            .node("Cast", "x", "double", Models.integer("to", 11))
            .node("Cast", "x", "small", Models.integer("to", 3))
            .node("Cast", "x", "truth", Models.integer("to", 9))
            .node("Cast", "x", "text", Models.integer("to", 8))
            .output("place", "double", "small", "truth", "text");
    try (Session inference = open(model)) {
      assertThat(inference.comparableOutputs())
          .containsEntry("relu", OutputKind.FLOAT)
          .containsEntry("double", OutputKind.NUMBERS)
          .containsEntry("text", OutputKind.LABELS)
          .hasSize(7);
      Runner runner = inference.comparing(List.copyOf(inference.comparableOutputs().keySet()));
      for (int round = 0; round < 3; round++) {
        Map<String, List<Object>> seen = new HashMap<>();
        runner.run(List.of(TestModels.sample(1, -2, 0)), new Recorder(seen));
        assertThat(seen.get("relu")).containsExactly(1f, 0f, 0f);
        assertThat(seen.get("double")).containsExactly(1f, -2f, 0f);
        assertThat(seen.get("place")).containsExactly(0L);
        assertThat(seen.get("small")).containsExactly(1L, -2L, 0L);
        assertThat(seen.get("truth")).containsExactly(1L, 1L, 0L);
        assertThat(seen.get("text"))
            .containsExactly(TextLabels.label("1"), TextLabels.label("-2"), TextLabels.label("0"));
      }
      assertThatThrownBy(() -> inference.comparing(List.of("x")))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("Model 'm.onnx' has no output 'x' that can be compared");
    }
  }

  private record Recorder(Map<String, List<Object>> seen) implements TensorSink {

    @Override
    public void accept(String tensor, ByteBuffer floats, Shape shape) {
      List<Object> values = new ArrayList<>();
      while (floats.hasRemaining()) {
        values.add(floats.getFloat());
      }
      seen.put(tensor, values);
    }

    @Override
    public void labels(String tensor, LongBuffer labels, Shape shape) {
      List<Object> values = new ArrayList<>();
      while (labels.hasRemaining()) {
        values.add(labels.get());
      }
      seen.put(tensor, values);
    }
  }

  @Test
  void outputsComeInTheOrderAskedFor() {
    try (Session inference = open(TestModels.elementwise())) {
      List<String> order = new ArrayList<>();
      Runner runner = inference.runner(List.of("twice", "relu"));
      for (int i = 0; i < 2; i++) {
        runner.run(List.of(TestModels.sample(1)), (name, floats, shape) -> order.add(name));
      }
      assertThat(order).containsExactly("twice", "relu", "twice", "relu");
    }
  }

  @Test
  void outputsAreSortedByWhetherTheyAreFloats() {
    Models model = TestModels.elementwise().node("Shape", "x", "dims").output("dims");
    try (Session inference = open(model)) {
      assertThat(inference.inputs()).containsExactly("x");
      assertThat(inference.floatOutputs()).containsExactly("relu", "twice");
      assertThat(inference.otherOutputs()).containsExactly("dims");
      assertThatThrownBy(() -> inference.runner(List.of("relu", "dims")))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("Model 'm.onnx' has no float32 output 'dims'");
    }
  }

  @Test
  void batchesThatCannotRunAreRefused() {
    try (Session inference = open(SmallModels.mlp())) {
      Runner runner = inference.runner(List.of("y"));
      assertThatThrownBy(() -> TestModels.run(runner, List.of()))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("Cannot run an empty batch");
      Sample six = TestModels.sample(1, 2, 3, 4, 5, 6);
      Sample two = TestModels.sample(1, 2);
      assertThatThrownBy(() -> TestModels.run(runner, List.of(six, two)))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("Cannot batch input 'x': Tensor[FLOAT32 [2]] beside Tensor[FLOAT32 [6]]");
      assertThatThrownBy(() -> TestModels.run(runner, List.of(two)))
          .isInstanceOf(InferenceException.class)
          .hasMessageStartingWith(
              "ONNX Runtime cannot run model 'm.onnx' on a batch of 1 with x:FLOAT32[2]: ");
      assertThat(TestModels.run(runner, List.of(six))).containsOnlyKeys("y");
    }
  }

  @Test
  void fileThatIsNoModelIsNamed() throws IOException {
    Path file = Files.writeString(folder.resolve("bad.onnx"), "no model");
    assertThatThrownBy(() -> OrtRuntime.INSTANCE.open(file, TestModels.OPTIONS))
        .isInstanceOf(InferenceException.class)
        .hasMessageStartingWith("ONNX Runtime cannot load model 'bad.onnx': ");
    assertThatThrownBy(() -> InferenceOptions.of(0))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("Invalid number of threads: 0");
  }
}
