package dev.tare.engine.onnx.write;

import static org.assertj.core.api.Assertions.assertThat;

import ai.onnxruntime.OrtSession.SessionOptions.OptLevel;
import dev.tare.engine.onnx.OnnxModel;
import dev.tare.engine.onnx.Plans;
import dev.tare.engine.onnx.Reference;
import dev.tare.engine.quant.QuantType;
import dev.tare.engine.recipe.Role;
import dev.tare.engine.tensor.Shape;
import dev.tare.engine.tensor.Tensor;
import dev.tare.testkit.Models;
import dev.tare.testkit.PythonEnvironment;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * ONNX Runtime optimized and not, OpenVINO, and the simulation by integers give the same bits for
 * every operator and convention, where no sum rounds and no code is between two.
 *
 * <p>Makes a Python environment under {@code target}; where it cannot, it is skipped, and fails
 * where {@code CI} is {@code true}.
 */
@Tag("slow")
class ExactModelsTest {

  /** Ten products per channel and per tensor, two more and six others once, in four conventions. */
  private static final int ALL = 4 * (2 * 10 + 2 + 6);

  private static final Path SCRIPTS = Path.of("src/test/python");

  @TempDir static Path folder;

  private static List<ExactForms.Form> forms;
  private static float[] ties;

  /** One process runs them all. */
  @BeforeAll
  static void runInOpenVino() throws IOException {
    PythonEnvironment python = PythonEnvironment.of(SCRIPTS.resolve("requirements-openvino.txt"));
    forms = ExactForms.all();
    for (int i = 0; i < forms.size(); i++) {
      write(i, forms.get(i).operator().quantized(), forms.get(i).inputs());
    }
    write(forms.size(), rounding(), Map.of("x", halves()));
    python.script(
        SCRIPTS.resolve("openvino_models.py").toString(),
        folder.toString(),
        String.valueOf(forms.size() + 1));
    ties = result(forms.size());
  }

  private static void write(int number, OnnxModel model, Map<String, Tensor> inputs)
      throws IOException {
    Files.write(folder.resolve(number + ".onnx"), model.toByteArray());
    List<String> lines = new ArrayList<>();
    for (Map.Entry<String, Tensor> input : inputs.entrySet()) {
      String file = number + "-" + input.getKey() + ".f32";
      ByteBuffer bytes = input.getValue().bytes();
      byte[] values = new byte[bytes.remaining()];
      bytes.get(values);
      Files.write(folder.resolve(file), values);
      String shape =
          input.getValue().shape().dims().stream()
              .map(String::valueOf)
              .collect(Collectors.joining(","));
      lines.add(input.getKey() + " " + file + " " + shape);
    }
    Files.write(folder.resolve(number + ".txt"), lines);
  }

  private static float[] result(int number) throws IOException {
    byte[] bytes = Files.readAllBytes(folder.resolve(number + ".out"));
    float[] values = new float[bytes.length / Float.BYTES];
    ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer().get(values);
    return values;
  }

  @Test
  void allGiveTheSameBits() throws IOException {
    assertThat(forms).hasSize(ALL);
    for (int i = 0; i < forms.size(); i++) {
      ExactForms.Form form = forms.get(i);
      OnnxModel model = form.operator().quantized();
      float[] plain = reference(model, form.inputs(), OptLevel.NO_OPT);
      assertThat(plain).as(form.name()).hasSizeGreaterThan(1).doesNotContain(Float.NaN);
      assertThat(plain).as(form.name()).isNotEqualTo(new float[plain.length]);
      assertThat(reference(model, form.inputs(), OptLevel.ALL_OPT))
          .as(form.name())
          .isEqualTo(plain);
      assertThat(result(i)).as(form.name()).isEqualTo(plain);
      if (form.product()) {
        Tensor simulated = new OperatorSimulation(form.operator()).run(form.inputs().get("x"));
        assertThat(simulated.toFloatArray()).as(form.name()).isEqualTo(plain);
      }
    }
  }

  private static float[] reference(OnnxModel model, Map<String, Tensor> inputs, OptLevel level) {
    return Reference.run(model, inputs, level).values().iterator().next().toFloatArray();
  }

  /** OpenVINO adds the zero point before it rounds to even. */
  @Test
  void tiesGoTheOtherWayInOpenVinoAtOddZeroPoints() {
    assertThat(reference(rounding(), Map.of("x", halves()), OptLevel.NO_OPT))
        .containsExactly(0, 2, 2);
    assertThat(ties).containsExactly(1, 1, 3);
  }

  private static OnnxModel rounding() {
    OnnxModel model = Models.opset(13).input("x", 3).node("Identity", "x", "y").output("y").build();
    return QdqRewriter.rewrite(
        model,
        Plans.of(
            Plans.plan(
                "x",
                Role.ACTIVATION,
                model.nodeNames(),
                Optional.empty(),
                QuantType.UINT8,
                OptionalInt.empty(),
                1,
                1)),
        plan -> ByteBuffer.allocate(0));
  }

  private static Tensor halves() {
    return Tensor.ofFloats(Shape.of(3), .5f, 1.5f, 2.5f);
  }
}
