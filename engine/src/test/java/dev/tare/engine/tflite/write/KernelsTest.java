package dev.tare.engine.tflite.write;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.tare.engine.graph.ModelGraph;
import dev.tare.engine.plan.QuantPlan;
import dev.tare.engine.quant.QuantParams;
import dev.tare.engine.recipe.Words;
import dev.tare.engine.target.LiteKernel;
import dev.tare.engine.tensor.DType;
import dev.tare.engine.tensor.Tensor;
import dev.tare.engine.tflite.LiteModel;
import dev.tare.engine.tflite.LiteOperator;
import dev.tare.engine.tflite.view.LiteGraph;
import dev.tare.engine.tflite.write.IntegerModel.Ends;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Every operator of the int8 specification in front of a Reshape, which needs the scale of its
 * input: TensorFlow Lite's integer kernels give the float results rounded. Results near the middle
 * of two integers are left out, since kernels round those differently.
 */
class KernelsTest {

  /** Results so near the middle of two integers may become either. */
  private static final double TIE = 0.1;

  @TempDir private Path folder;

  static Stream<OneOperator> operators() {
    return OneOperator.all().stream();
  }

  @ParameterizedTest
  @MethodSource("operators")
  void integersAreTheRoundedFloats(OneOperator operator) throws IOException {
    assertIntegers(operator, "int8-tflite");
  }

  static Stream<OneOperator> wideOperators() {
    return operators().filter(o -> LiteKernel.wideVersion(o.type()).isPresent());
  }

  /** Such a step is 256 times finer; functions are read from tables, with lines between. */
  @ParameterizedTest
  @MethodSource("wideOperators")
  void integersOf16BitsAreTheRoundedFloats(OneOperator operator) throws IOException {
    assertIntegers(operator.off(wideTolerance(operator.type())), "int16x8-tflite");
  }

  /** Integers of 16 bits by which a kernel may be off. */
  static int wideTolerance(String type) {
    return type.equals("TANH") ? 2 : 1;
  }

  private void assertIntegers(OneOperator operator, String recipe) throws IOException {
    WrittenOperator written = WrittenOperator.of(operator, recipe, folder);
    LiteModel model = written.model();
    ModelGraph graph = LiteGraph.of(model);
    LiteModel faked =
        FakeQuantizedModel.of(
            model, written.plan(), p -> LitePlans.codes(graph, p), ByteBuffer::allocate);
    assertThat(written.integers().operators())
        .extracting(LiteOperator::type)
        .containsExactly(operator.type(), "RESHAPE");
    List<String> outputs = written.outputs();
    Map<String, float[]> exact = LitePlans.run(faked, written.inputs(), outputs, folder);
    Map<String, float[]> found =
        LitePlans.run(written.integers(), written.inputs(), outputs, folder);
    for (String output : outputs) {
      assertRounded(operator, written.params(output), exact.get(output), found.get(output));
    }
  }

  private static void assertRounded(
      OneOperator operator, QuantParams params, float[] exact, float[] found) {
    assertThat(found).hasSameSizeAs(exact).isNotEmpty();
    int compared = 0;
    for (int i = 0; i < exact.length; i++) {
      double real = (double) exact[i] / params.scale() + params.zeroPoint();
      double wanted =
          Math.max(params.type().qmin(), Math.min(params.type().qmax(), Math.rint(real)));
      double code = Math.rint(found[i] / (double) params.scale()) + params.zeroPoint();
      boolean tie = Math.abs(Math.abs(real - Math.rint(real)) - 0.5) < TIE;
      compared += tie ? 0 : 1;
      assertThat(Math.abs(code - wanted))
          .as("%s, result %d: %f", operator.type(), i, real)
          .isLessThanOrEqualTo(tie ? Math.max(1, operator.tolerance()) : operator.tolerance());
    }
    assertThat(compared).isGreaterThanOrEqualTo(exact.length / 2);
  }

  private LiteModel reread(LiteModel model) throws IOException {
    return WrittenOperator.reread(model, folder);
  }

  /**
   * Without calibration: by the recipe, and the largest difference as a part of the largest value.
   */
  @ParameterizedTest
  @CsvSource({
    "CONV_2D, int8-tflite-weights, 0",
    "DEPTHWISE_CONV_2D, int8-tflite-weights, 0",
    "FULLY_CONNECTED, int8-tflite-weights, 0",
    "TRANSPOSE_CONV, int8-tflite-weights, 0",
    "CONV_2D, float16-tflite-weights, 0",
    "DEPTHWISE_CONV_2D, float16-tflite-weights, 0",
    "FULLY_CONNECTED, float16-tflite-weights, 0",
    "TRANSPOSE_CONV, float16-tflite-weights, 0",
    "CONV_2D, int8-tflite-dynamic, 0.02",
    "DEPTHWISE_CONV_2D, int8-tflite-dynamic, 0.02",
    "FULLY_CONNECTED, int8-tflite-dynamic, 0.02",
    // It has no kernel that quantizes its input.
    "TRANSPOSE_CONV, int8-tflite-dynamic, 0"
  })
  void weightsAloneTakeFewerBits(String type, String recipe, float part) throws IOException {
    LiteModel model =
        reread(operators().filter(o -> o.type().equals(type)).findFirst().orElseThrow().model());
    ModelGraph graph = LiteGraph.of(model);
    QuantPlan plan = LitePlans.plan(graph, LitePlans.recipe(recipe), name -> new float[0]);
    LiteModel written =
        reread(IntegerModel.of(model, plan, p -> LitePlans.codes(graph, p), Ends.FLOAT));
    boolean dequantized = written.operators().stream().anyMatch(o -> o.type().equals("DEQUANTIZE"));
    assertThat(dequantized).isEqualTo(part == 0);
    DType stored = recipe.startsWith("float16") ? DType.FLOAT16 : DType.INT8;
    assertThat(written.tensor(dequantized ? "w/" + Words.of(stored) : "w").dtype())
        .contains(stored);
    LiteModel faked =
        FakeQuantizedModel.of(model, plan, p -> LitePlans.codes(graph, p), ByteBuffer::allocate);
    SortedMap<String, Tensor> inputs = WrittenOperator.random(model);
    float[] wanted = LitePlans.run(faked, inputs, List.of("flat"), folder).get("flat");
    float[] found = LitePlans.run(written, inputs, List.of("flat"), folder).get("flat");
    float largest = 0;
    for (float value : wanted) {
      largest = Math.max(largest, Math.abs(value));
    }
    assertThat(found).hasSameSizeAs(wanted);
    for (int i = 0; i < wanted.length; i++) {
      assertThat(found[i]).isCloseTo(wanted[i], within(part * largest));
    }
  }

  /** The table in engine/docs/targets.md, which OperatorTableTest reads, has a row for each. */
  @Test
  void everyKernelIsAmongThem() {
    TreeSet<String> tested = new TreeSet<>();
    operators().forEach(operator -> tested.add(operator.type()));
    assertThat(tested).isEqualTo(new TreeSet<>(LitePlans.recipe("int8-tflite").operators()));
  }
}
