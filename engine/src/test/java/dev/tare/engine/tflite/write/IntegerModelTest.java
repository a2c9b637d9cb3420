package dev.tare.engine.tflite.write;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.tare.engine.graph.ModelGraph;
import dev.tare.engine.infer.InferenceOptions;
import dev.tare.engine.infer.Session;
import dev.tare.engine.infer.lite.LiteRuntime;
import dev.tare.engine.plan.QuantPlan;
import dev.tare.engine.plan.TensorPlan;
import dev.tare.engine.quant.Quantizer;
import dev.tare.engine.quant.Rounding;
import dev.tare.engine.recipe.Recipe;
import dev.tare.engine.recipe.Role;
import dev.tare.engine.tensor.DType;
import dev.tare.engine.tensor.HalfFloats;
import dev.tare.engine.tensor.Sample;
import dev.tare.engine.tensor.Shape;
import dev.tare.engine.tensor.Tensor;
import dev.tare.engine.tflite.LiteModel;
import dev.tare.engine.tflite.LiteModels;
import dev.tare.engine.tflite.LiteOperator;
import dev.tare.engine.tflite.LiteTensor;
import dev.tare.engine.tflite.model.LiteFloatModel;
import dev.tare.engine.tflite.view.LiteGraph;
import dev.tare.engine.tflite.write.IntegerModel.Ends;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.ShortBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Against the file that AI Edge Quantizer made of the same network with the same ranges. */
class IntegerModelTest {

  private static final int SAMPLES = 4;

  @TempDir private Path folder;

  private static Recipe recipe(String... more) {
    return LitePlans.recipe("int8-tflite", more);
  }

  /** The ranges that the golden file was made with. */
  private static float[] range(String tensor) {
    JsonNode own;
    try {
      own =
          new ObjectMapper()
              .readTree(LiteModels.bytes("tiny_calibration.json"))
              .path("model_qsvs")
              .path(tensor);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    JsonNode low = own.path("min");
    JsonNode high = own.path("max");
    while (low.isArray()) {
      low = low.get(0);
      high = high.get(0);
    }
    return new float[] {low.floatValue(), high.floatValue()};
  }

  private static QuantPlan plan(ModelGraph graph, Recipe recipe) {
    return LitePlans.plan(graph, recipe, IntegerModelTest::range);
  }

  private static ByteBuffer codes(ModelGraph graph, TensorPlan plan) {
    return LitePlans.codes(graph, plan);
  }

  private LiteModel quantized(Ends ends, String... more) throws IOException {
    return quantized(ends, recipe(more));
  }

  private LiteModel quantized(Ends ends, Recipe recipe) throws IOException {
    LiteModel model = LiteModels.read(LiteModels.FLOAT, folder);
    ModelGraph graph = LiteGraph.of(model);
    return IntegerModel.of(model, plan(graph, recipe), plan -> codes(graph, plan), ends);
  }

  private LiteModel reread(LiteModel model) throws IOException {
    return LiteModels.read(LiteModels.written(model), folder);
  }

  @ParameterizedTest
  @CsvSource({LiteModels.INT8 + ", int8-tflite", LiteModels.INT16 + ", int16x8-tflite"})
  void everyScaleZeroPointAndIntegerIsThatOfTheGoldenFile(String file, String recipe)
      throws IOException {
    LiteModel golden = LiteModels.read(file, folder);
    LiteModel ours = reread(quantized(Ends.INTEGER, LitePlans.recipe(recipe)));
    assertThat(ours.operators()).isEqualTo(golden.operators());
    assertThat(ours.tensors()).isEqualTo(golden.tensors());
    for (LiteTensor tensor : golden.tensors()) {
      assertThat(ours.scales(tensor)).as(tensor.name()).isEqualTo(golden.scales(tensor));
      if (tensor.constant()) {
        assertThat(ours.constant(tensor)).as(tensor.name()).isEqualTo(golden.constant(tensor));
      }
    }
  }

  private List<Float> run(LiteModel model) throws IOException {
    float[] all = LiteModels.floats(LiteModels.INPUT);
    int size = all.length / SAMPLES;
    List<Float> values = new ArrayList<>();
    try (Session session =
        LiteRuntime.INSTANCE.open(
            LiteFloatModel.of(model).writeLocal(folder, folder), InferenceOptions.of(1))) {
      for (int i = 0; i < SAMPLES; i++) {
        Tensor own =
            Tensor.ofFloats(Shape.of(8, 8, 3), Arrays.copyOfRange(all, i * size, (i + 1) * size));
        session
            .comparing(List.of("prob"))
            .run(
                List.of(new Sample(new TreeMap<>(Map.of("x", own)))),
                (name, floats, shape) -> {
                  while (floats.hasRemaining()) {
                    values.add(floats.getFloat());
                  }
                });
      }
    }
    return values;
  }

  /** Integers at the ends or floats: the runtime computes what LiteRT computed from the golden. */
  @Test
  void outputsAreThoseOfTheGoldenFileToTheBit() throws IOException {
    byte[] golden = LiteModels.bytes(LiteModels.INT8_OUTPUT);
    List<Float> expected = new ArrayList<>();
    for (byte code : golden) {
      expected.add((code + 128) / 256f);
    }
    assertThat(run(reread(quantized(Ends.INTEGER)))).isEqualTo(expected);
    assertThat(run(reread(quantized(Ends.FLOAT)))).isEqualTo(expected);
  }

  @Test
  void outputsOf16BitsAreThoseOfTheGoldenFileToTheBit() throws IOException {
    ShortBuffer golden =
        ByteBuffer.wrap(LiteModels.bytes(LiteModels.INT16_OUTPUT))
            .order(ByteOrder.LITTLE_ENDIAN)
            .asShortBuffer();
    List<Float> expected = new ArrayList<>();
    while (golden.hasRemaining()) {
      expected.add(golden.get() / 32768f);
    }
    Recipe recipe = LitePlans.recipe("int16x8-tflite");
    assertThat(run(reread(quantized(Ends.INTEGER, recipe)))).isEqualTo(expected);
    LiteModel floats = reread(quantized(Ends.FLOAT, recipe));
    assertThat(run(floats)).isEqualTo(expected);
    assertThat(floats.tensor("conv/b").dtype()).contains(DType.INT64);
  }

  @Test
  void productsThatShareABiasGetOneEach() throws IOException {
    LiteModel sharing = LiteModels.sharing(folder);
    LiteModel own = OwnBiases.of(sharing);
    ModelGraph graph = LiteGraph.of(own);
    assertThat(graph.nodes())
        .extracting(node -> node.bias().get())
        .containsExactly("conv/b", "conv/b/1", "fc/b");
    assertThat(OwnBiases.of(own)).isSameAs(own);
    assertThat(run(own)).isEqualTo(run(sharing));
    LiteModel integers =
        reread(IntegerModel.of(own, plan(graph, recipe()), p -> codes(graph, p), Ends.INTEGER));
    assertThat(integers.operators()).hasSize(6);
  }

  @Test
  void halfWeightsAreWidenedAsTheRuntimeWidensThem() throws IOException {
    LiteModel halved = LiteModels.read(LiteModels.written(LiteModels.halved(folder)), folder);
    LiteModel widened = reread(WidenedModel.of(halved));
    assertThat(widened.operators()).hasSize(6).noneMatch(o -> o.type().equals("DEQUANTIZE"));
    assertThat(widened.constant(widened.tensor("fc/w")))
        .isEqualTo(HalfFloats.widened(halved.constant(halved.tensor("fc/w16"))));
    assertThat(run(widened)).isEqualTo(run(halved)).hasSize(20);
    assertThat(LiteFloatModel.widened(halved).widened()).containsExactly(DType.FLOAT16);
    assertThat(WidenedModel.of(widened)).isSameAs(widened);
  }

  @Test
  void floatsAtTheEndsAreConvertedThere() throws IOException {
    LiteModel model = reread(quantized(Ends.FLOAT));
    assertThat(model.operators())
        .extracting(LiteOperator::type)
        .containsExactly(
            "QUANTIZE",
            "CONV_2D",
            "DEPTHWISE_CONV_2D",
            "AVERAGE_POOL_2D",
            "RESHAPE",
            "FULLY_CONNECTED",
            "SOFTMAX",
            "DEQUANTIZE");
    assertThat(model.inputs().get(0).name()).isEqualTo("x");
    assertThat(model.outputs().get(0).name()).isEqualTo("prob");
    assertThat(model.signatures()).containsEntry("serving_default", List.of("x"));
  }

  @Test
  void anOperatorThatStaysFloatIsAnIsland() throws IOException {
    LiteModel model = reread(quantized(Ends.FLOAT, "exclude = [dw]"));
    assertThat(model.operators())
        .extracting(LiteOperator::type)
        .containsExactly(
            "QUANTIZE",
            "CONV_2D",
            "DEQUANTIZE",
            "DEPTHWISE_CONV_2D",
            "AVERAGE_POOL_2D",
            "QUANTIZE",
            "RESHAPE",
            "FULLY_CONNECTED",
            "SOFTMAX",
            "DEQUANTIZE");
    assertThat(run(model)).hasSize(20);
  }

  private QuantPlan withoutRanges(ModelGraph graph, String recipe) {
    return LitePlans.plan(graph, LitePlans.recipe(recipe), name -> new float[0]);
  }

  /** The runtime multiplies by the numbers that the integers stand for. */
  @Test
  void weightsAloneAreDequantizedByTheModel() throws IOException {
    LiteModel model = LiteModels.read(LiteModels.FLOAT, folder);
    ModelGraph graph = LiteGraph.of(model);
    QuantPlan plan = withoutRanges(graph, "int8-tflite-weights");
    LiteModel written = reread(IntegerModel.of(model, plan, p -> codes(graph, p), Ends.FLOAT));
    assertThat(written.operators())
        .extracting(LiteOperator::type)
        .containsExactlyInAnyOrder(
            "DEQUANTIZE",
            "DEQUANTIZE",
            "DEQUANTIZE",
            "CONV_2D",
            "DEPTHWISE_CONV_2D",
            "AVERAGE_POOL_2D",
            "RESHAPE",
            "FULLY_CONNECTED",
            "SOFTMAX");
    LiteTensor stored = written.tensor("dw/w/int8");
    assertThat(stored.dtype()).contains(DType.INT8);
    assertThat(written.scales(stored).orElseThrow().axis()).isEqualTo(3);
    assertThat(written.tensor("dw/w").constant()).isFalse();
    assertThat(run(written))
        .isEqualTo(
            run(FakeQuantizedModel.of(model, plan, p -> codes(graph, p), ByteBuffer::allocate)));
  }

  /** Kernels that quantize their input themselves lose a little more than the weights do. */
  @Test
  void productsOfTheDynamicRangeReadIntegersAndFloats() throws IOException {
    LiteModel model = LiteModels.read(LiteModels.FLOAT, folder);
    ModelGraph graph = LiteGraph.of(model);
    QuantPlan plan = withoutRanges(graph, "int8-tflite-dynamic");
    LiteModel written = reread(IntegerModel.of(model, plan, p -> codes(graph, p), Ends.FLOAT));
    assertThat(written.operators()).isEqualTo(model.operators());
    for (String product : List.of("conv", "dw", "fc")) {
      assertThat(written.tensor(product + "/w").dtype()).contains(DType.INT8);
      assertThat(written.tensor(product + "/b").dtype()).contains(DType.FLOAT32);
      assertThat(written.tensor(product).dtype()).contains(DType.FLOAT32);
    }
    List<Float> weightsAlone =
        run(FakeQuantizedModel.of(model, plan, p -> codes(graph, p), ByteBuffer::allocate));
    List<Float> dynamic = run(written);
    assertThat(dynamic).hasSize(20).isNotEqualTo(weightsAlone);
    for (int i = 0; i < dynamic.size(); i++) {
      assertThat(dynamic.get(i)).isCloseTo(weightsAlone.get(i), within(0.02f));
    }
  }

  @Test
  void aPlanForOtherConstantsIsRefused() throws IOException {
    LiteModel model = LiteModels.read(LiteModels.FLOAT, folder);
    QuantPlan plan = plan(LiteGraph.of(model), recipe());
    assertThatThrownBy(() -> IntegerModel.of(model, plan, p -> ByteBuffer.allocate(3), Ends.FLOAT))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("3 bytes of integers instead of");
  }

  @Test
  void dequantizedWeightsAreWhatTheIntegersStandFor() throws IOException {
    LiteModel model = LiteModels.read(LiteModels.FLOAT, folder);
    ModelGraph graph = LiteGraph.of(model);
    QuantPlan plan = plan(graph, recipe());
    LiteModel faked =
        reread(FakeQuantizedModel.of(model, plan, p -> codes(graph, p), ByteBuffer::allocate));
    assertThat(faked.tensors()).isEqualTo(model.tensors());
    TensorPlan weight = plan.find("dw/w", Role.WEIGHT).orElseThrow();
    assertThat(faked.constant(faked.tensor("dw/w")))
        .isEqualTo(
            Quantizer.fakeQuantize(
                graph.constant("dw/w"),
                weight.params(),
                weight.granularity(),
                weight.limits(),
                Rounding.DIVISION));
  }
}
