package dev.tare.engine.infer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tare.engine.infer.ort.OrtRuntime;
import dev.tare.engine.onnx.proto.TensorProto;
import dev.tare.engine.tensor.Dim;
import dev.tare.engine.tensor.Sample;
import dev.tare.engine.tensor.Shape;
import dev.tare.engine.tensor.Tensor;
import dev.tare.testkit.Models;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BatchAxesTest {

  @TempDir Path folder;

  /** Numbers are sizes, a question mark is unknown, other words are names. */
  private static List<Dim> dims(String text) {
    List<Dim> dims = new ArrayList<>();
    for (String word : text.isEmpty() ? new String[0] : text.split(" ", -1)) {
      dims.add(
          word.equals("?")
              ? Dim.unknown()
              : word.matches("[0-9]+") ? Dim.fixed(Long.parseLong(word)) : Dim.symbol(word));
    }
    return dims;
  }

  private static Map<String, Integer> axes(String... inputs) {
    Map<String, List<Dim>> all = new TreeMap<>();
    for (int i = 0; i < inputs.length; i++) {
      all.put("abcdef".substring(i, i + 1), dims(inputs[i]));
    }
    return BatchAxes.of(all);
  }

  @Test
  void batchIsInFrontUnlessNamesTellOtherwise() {
    assertThat(axes("N S", "N S")).isEqualTo(Map.of("a", 0, "b", 0));
    assertThat(axes("? 3", "1 5")).isEqualTo(Map.of("a", 0, "b", 0));
    assertThat(axes("p 3", "q 3")).isEqualTo(Map.of("a", 0, "b", 0));
    assertThat(axes("T N 8", "N 8")).isEqualTo(Map.of("a", 1, "b", 0));
  }

  @Test
  void stateHasItsBatchWhereTheNameOfTheBatchIs() {
    assertThat(axes("N 512", "2 N 128", "")).isEqualTo(Map.of("a", 0, "b", 1, "c", -1));
    assertThat(axes("2 N 128", "2 M 128", "N 5")).isEqualTo(Map.of("a", 1, "b", -1, "c", 0));
    assertThat(axes("? 512", "2 ? 128")).isEqualTo(Map.of("a", 0, "b", -1));
    assertThat(axes("4 6")).isEqualTo(Map.of("a", -1));
  }

  @Test
  void samplesAreInterleavedBehindAnInnerAxis() {
    Models model =
        Models.opset(13)
            .input("x", "n", 1)
            .input("state", 2, "n", 3)
            .node("Add", "state x", "y")
            .output("y");
    List<Sample> batch = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      float[] state = new float[6];
      for (int k = 0; k < 6; k++) {
        state[k] = 10 * i + k;
      }
      batch.add(
          Sample.of(
              Map.of(
                  "x", Tensor.ofFloats(Shape.of(1), 100 * i),
                  "state", Tensor.ofFloats(Shape.of(2, 3), state))));
    }
    Path file = TestModels.write(model, folder.resolve("m.onnx"));
    try (Session inference = OrtRuntime.INSTANCE.open(file, TestModels.OPTIONS)) {
      Runner runner = inference.runner(List.of("y"));
      assertThat(TestModels.run(runner, batch).get("y"))
          .isEqualTo(
              Tensor.ofFloats(
                  Shape.of(2, 3, 3),
                  0,
                  1,
                  2,
                  110,
                  111,
                  112,
                  220,
                  221,
                  222,
                  3,
                  4,
                  5,
                  113,
                  114,
                  115,
                  223,
                  224,
                  225));
    }
  }

  @Test
  void inputWithoutABatchIsFedAsItIsWithOneSample() {
    Models model =
        Models.opset(13)
            .input("x", "n", 2)
            .input("factor", TensorProto.DataType.FLOAT)
            .input("shift", 4, 2)
            .node("Mul", "x factor", "scaled")
            .node("Add", "scaled shift", "y")
            .output("y");
    Sample sample =
        Sample.of(
            Map.of(
                "x", Tensor.ofFloats(Shape.of(2), 1, 2),
                "factor", Tensor.ofFloats(Shape.SCALAR, 10),
                "shift", Tensor.ofFloats(Shape.of(4, 2), 0, 0, 1, 1, 2, 2, 3, 3)));
    Path file = TestModels.write(model, folder.resolve("m.onnx"));
    try (Session inference = OrtRuntime.INSTANCE.open(file, TestModels.OPTIONS)) {
      Runner runner = inference.runner(List.of("y"));
      assertThat(TestModels.run(runner, List.of(sample)).get("y"))
          .isEqualTo(Tensor.ofFloats(Shape.of(4, 2), 10, 20, 11, 21, 12, 22, 13, 23));
      assertThatThrownBy(() -> TestModels.run(runner, List.of(sample, sample)))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("which has no batch dimension");
    }
  }
}
