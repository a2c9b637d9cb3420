package dev.tare.engine.onnx.prepare;

import static org.assertj.core.api.Assertions.assertThat;

import ai.onnxruntime.OrtSession.SessionOptions.OptLevel;
import dev.tare.engine.onnx.OnnxModel;
import dev.tare.engine.onnx.Plans;
import dev.tare.engine.onnx.PublishedModels;
import dev.tare.engine.onnx.Reference;
import dev.tare.engine.onnx.graph.TensorCodec;
import dev.tare.engine.onnx.proto.GraphProto;
import dev.tare.engine.onnx.proto.NodeProto;
import dev.tare.engine.onnx.proto.TensorProto;
import dev.tare.engine.onnx.view.OnnxGraph;
import dev.tare.engine.onnx.write.QdqRewriter;
import dev.tare.engine.plan.QuantPlan;
import dev.tare.engine.tensor.Tensor;
import dev.tare.testkit.Models;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class GraphPreparationTest {

  private static final Tensor IMAGE = Reference.gaussian(3, 2, 4, 5, 6);
  private static final Tensor ROWS = Reference.gaussian(4, 7, 6);

  /** Largest difference of outputs in units of the largest output, by rounding alone. */
  private static final double ROUNDING = 2e-6;

  private static double difference(OnnxModel one, OnnxModel two, Map<String, Tensor> in) {
    double worst = 0;
    for (OptLevel level : List.of(OptLevel.NO_OPT, OptLevel.ALL_OPT)) {
      Map<String, Tensor> expected = Reference.run(one, in, level);
      Map<String, Tensor> actual = Reference.run(two, in, level);
      assertThat(actual.keySet()).containsExactlyElementsOf(expected.keySet());
      for (String output : expected.keySet()) {
        assertThat(actual.get(output).shape()).isEqualTo(expected.get(output).shape());
        float[] a = expected.get(output).toFloatArray();
        float[] b = actual.get(output).toFloatArray();
        double largest = 0;
        double error = 0;
        for (int i = 0; i < a.length; i++) {
          largest = Math.max(largest, Math.abs(a[i]));
          error = Math.max(error, Math.abs(a[i] - b[i]));
        }
        worst = Math.max(worst, error / largest);
      }
    }
    return worst;
  }

  private static OnnxModel assertPrepared(Models models, Tensor x) {
    OnnxModel model = models.build();
    OnnxModel prepared = GraphPreparation.prepare(model);
    assertThat(difference(model, prepared, Map.of("x", x))).isLessThan(ROUNDING);
    assertThat(prepared.inputs()).isEqualTo(model.inputs());
    assertThat(prepared.outputs()).isEqualTo(model.outputs());
    assertThat(GraphPreparation.prepare(prepared)).isSameAs(prepared);
    assertThat(GraphPreparation.prepare(models.build()).toByteArray())
        .isEqualTo(prepared.toByteArray());
    return prepared;
  }

  private static List<String> operators(OnnxModel model) {
    return model.graph().getNodeList().stream().map(NodeProto::getOpType).toList();
  }

  private static List<String> initializers(OnnxModel model) {
    return model.graph().getInitializerList().stream().map(TensorProto::getName).toList();
  }

  private static Models image(int opset) {
    return Models.opset(opset).input("x", "batch", 4, 5, 6);
  }

  /** Statistics of C channels under the names g, b, m and v. */
  private static Models statistics(Models models, int channels) {
    float[] variance = new float[channels];
    for (int c = 0; c < channels; c++) {
      variance[c] = .02f + .3f * c;
    }
    return models
        .constant(Models.gaussian("gg", channels).toBuilder().setName("g").build())
        .constant(Models.gaussian("bbb", channels).toBuilder().setName("b").build())
        .constant(Models.gaussian("mmmm", channels).toBuilder().setName("m").build())
        .constant(TensorCodec.floats("v", List.of((long) channels), variance));
  }

  private static TensorProto scalar(String name, float value) {
    return TensorCodec.floats(name, List.of(), value);
  }

  @ParameterizedTest
  @ValueSource(ints = {7, 8, 9, 13, 15})
  void normalizationGoesIntoTheConvolutionBeforeIt(int opset) {
    Models models = image(opset).weight("w", 5, 4, 3, 3).weight("bias", 5);
    if (opset < 9) {
      List.of("w", "bias", "g", "b", "m", "v")
          .forEach(n -> models.input(n, n.equals("w") ? new Object[] {5, 4, 3, 3} : of(5)));
    }
    OnnxModel prepared =
        assertPrepared(
            statistics(models, 5)
                .node("Conv", "x w bias", "c")
                .node("BatchNormalization", "c g b m v", "y", Models.number("epsilon", .01f))
                .output("y"),
            IMAGE);
    assertThat(operators(prepared)).containsExactly("Conv");
    assertThat(prepared.nodeNames()).containsExactly("Conv#0");
    assertThat(initializers(prepared)).containsExactly("w_folded", "w_bias");
  }

  private static Object[] of(int dim) {
    return new Object[] {dim};
  }

  @Test
  void normalizationGoesIntoDepthwiseConvolutionsWithoutBias() {
    OnnxModel prepared =
        assertPrepared(
            statistics(image(13).weight("w", 8, 1, 3, 3), 8)
                .node("Conv", "x w", "c", Models.integer("group", 4))
                .node("BatchNormalization", "c g b m v", "n")
                .node("Relu", "n", "y")
                .output("y"),
            IMAGE);
    assertThat(operators(prepared)).containsExactly("Conv", "Relu");
    assertThat(OnnxGraph.of(prepared).nodes().get(0).bias()).contains("w_bias");
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2})
  void transposedConvolutionsScaleTheirOutputChannels(int groups) {
    OnnxModel prepared =
        assertPrepared(
            statistics(image(13).weight("w", 4, 3, 2, 2), 3 * groups)
                .constant(scalar("half", .5f))
                .node("ConvTranspose", "x w", "c", Models.integer("group", groups))
                .node("BatchNormalization", "c g b m v", "n")
                .node("Mul", "half n", "y")
                .output("y"),
            IMAGE);
    assertThat(operators(prepared)).containsExactly("ConvTranspose");
  }

  @ParameterizedTest
  @CsvSource({"0,1,1", "1,1,1", "0,.5,2", "1,-1.5,.25"})
  void gemmTakesAlphaAndBetaToo(int transB, float alpha, float beta) {
    Models models = Models.opset(13).input("x", "n", 6);
    OnnxModel prepared =
        assertPrepared(
            statistics(transB == 1 ? models.weight("w", 5, 6) : models.weight("w", 6, 5), 5)
                .weight("c", 1, 5)
                .node(
                    "Gemm",
                    "x w c",
                    "d",
                    Models.integer("transB", transB),
                    Models.number("alpha", alpha),
                    Models.number("beta", beta))
                .node("BatchNormalization", "d g b m v", "y")
                .output("y"),
            ROWS);
    assertThat(operators(prepared)).containsExactly("Gemm");
    assertThat(OnnxGraph.of(prepared).nodes().get(0).bias()).contains("w_bias");
  }

  @Test
  void normalizedProductKeepsOneAdd() {
    OnnxModel prepared =
        assertPrepared(
            statistics(Models.opset(13).input("x", "n", 6).weight("w", 6, 5), 5)
                .weight("c", 5)
                .node("MatMul", "x w", "d")
                .node("Add", "d c", "e")
                .node("BatchNormalization", "e g b m v", "y")
                .output("y"),
            ROWS);
    assertThat(operators(prepared)).containsExactly("MatMul", "Add");
    assertThat(initializers(prepared)).containsExactly("w_folded", "w_bias");
  }

  @Test
  void productsOfHigherRankAreLeftAloneBecauseTheirChannelsLieElsewhere() {
    OnnxModel model =
        statistics(Models.opset(13).input("x", "n", 5, 6).weight("w", 6, 5), 5)
            .node("MatMul", "x w", "d")
            .node("BatchNormalization", "d g b m v", "y")
            .output("y")
            .build();
    assertThat(GraphPreparation.prepare(model)).isSameAs(model);
  }

  @Test
  void arithmeticWithConstantsIsFoldedAsFarAsItGoes() {
    OnnxModel prepared =
        assertPrepared(
            image(13)
                .constantNode("w", 3, 4, 1, 1)
                .weight("add", 1, 3, 1, 1)
                .weight("mul", 3, 1, 1)
                .weight("flat", 3)
                .constant(Models.longs("shape", 1L, 3L, 1L, 1L))
                .constant(Models.longs("axes", 1L, 2L))
                .constant(scalar("three", 3f))
                .node("Conv", "x w", "c")
                .node("Mul", "mul c", "p")
                .node("Add", "p add", "q")
                .node("Div", "q three", "r")
                .node("Sub", "r three", "s")
                .node("Sub", "add s", "t")
                .node("Reshape", "flat shape", "wide")
                .node("Add", "t wide", "u")
                .node("Unsqueeze", "flat axes", "tall")
                .node("Mul", "u tall", "y")
                .output("y"),
            IMAGE);
    assertThat(operators(prepared)).containsExactly("Conv");
    assertThat(initializers(prepared)).containsExactly("w_folded", "w_bias");
    assertThat(prepared.graph().getNode(0).getOutput(0)).isEqualTo("y");
  }

  @Test
  void sharedWeightsGetACopyForEachNode() {
    OnnxModel prepared =
        assertPrepared(
            image(13)
                .weight("w", 4, 4, 1, 1)
                .constant(scalar("two", 2f))
                .constant(scalar("three", 3f))
                .node("Conv", "x w", "a")
                .node("Mul", "a two", "p")
                .node("Conv", "p w", "b")
                .node("Mul", "b three", "q")
                .node("Conv", "q w", "c")
                .node("Add", "c three", "y")
                .output("y"),
            IMAGE);
    assertThat(operators(prepared)).containsExactly("Conv", "Conv", "Conv");
    assertThat(initializers(prepared))
        .containsExactly("w", "w_folded", "w_bias", "w_folded_1", "w_bias_1", "w_bias_2");
  }

  @Test
  void whatOthersReadStays() {
    GraphProto.Builder branch =
        GraphProto.newBuilder()
            .setName("branch")
            .addNode(Models.nodeOf("Relu", "", List.of("captured"), List.of("r")))
            .addOutput(Models.info("r", TensorProto.DataType.FLOAT));
    OnnxModel model =
        image(13)
            .input("flag", TensorProto.DataType.BOOL)
            .weight("w", 3, 4, 1, 1)
            .weight("bias", 3)
            .weight("row", 6)
            .weight("growing", 1, 1, 1, 1, 1)
            .constant(scalar("two", 2f))
            .constant(scalar("zero", 0f))
            .node("Conv", "x w", "out")
            .node("Mul", "out two", "y1")
            .node("Conv", "x w", "twice")
            .node("Mul", "twice two", "p")
            .node("Add", "twice p", "y2")
            .node("Conv", "x w", "captured")
            .node("Mul", "captured two", "y3")
            .node(
                "If",
                "flag",
                "y4",
                Models.graph("then_branch", branch),
                Models.graph("else_branch", branch))
            .node("Conv", "x w", "d")
            .node("Mul", "d row", "y5")
            .node("Conv", "x w", "e")
            .node("Mul", "e growing", "y6")
            .node("Conv", "x w", "f")
            .node("Div", "f zero", "y7")
            .node("Conv", "x w", "g")
            .node("Div", "two g", "y8")
            .node("Relu", "bias", "computed")
            .node("Conv", "x w computed", "h")
            .node("Mul", "h two", "y9")
            .output("out", "y1", "y2", "y3", "y4", "y5", "y6", "y7", "y8", "y9")
            .build();
    assertThat(GraphPreparation.prepare(model)).isSameAs(model);
  }

  @Test
  void normalizationByTheBatchStays() {
    OnnxModel model =
        statistics(image(15).weight("w", 5, 4, 1, 1), 5)
            .node("Conv", "x w", "c")
            .node("BatchNormalization", "c g b m v", "y mm vv", Models.integer("training_mode", 1))
            .output("y")
            .build();
    assertThat(GraphPreparation.prepare(model)).isSameAs(model);
  }

  /** Each is a list of nodes from x to y; constants are 0, 3, 6 and 1/6. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "Add x 3 a; Clip a 0 6 b; Mul x b c; Div c 6 y",
        "Add 3 x a; Clip a 0 6 b; Mul b x c; Mul c 1/6 y",
        "Add x 3 a; Clip a 0 6 b; Div b 6 c; Mul x c y",
        "Add x 3 a; Relu a r; Min r 6 b; Mul b 1/6 c; Mul c x y",
        "Add x 3 a; Max 0 a r; Min 6 r b; Div x 6 c; Mul c b y",
        "Add x 3 a; Min a 6 m; Relu m b; Mul 1/6 x c; Mul b c y",
        "Add x 3 a; Relu a r; Clip r  6 b; Mul x b c; Div c 6 y",
      })
  void writtenOutHardSwishIsRecognized(String nodes) {
    OnnxModel prepared = assertPrepared(swish(nodes), Tensor.ofFloats(IMAGE.shape(), wide()));
    assertThat(operators(prepared)).containsExactlyInAnyOrder("HardSigmoid", "Mul");
    assertThat(initializers(prepared)).isEmpty();
  }

  private static float[] wide() {
    float[] values = IMAGE.toFloatArray();
    for (int i = 0; i < values.length; i++) {
      values[i] *= 4;
    }
    return values;
  }

  private static Models swish(String nodes) {
    Models models = image(13);
    Map.of("0", 0f, "3", 3f, "6", 6f, "1/6", 1f / 6)
        .forEach(
            (name, value) -> {
              if (nodes.contains(" " + name + " ")) {
                models.constant(scalar(name, value));
              }
            });
    for (String node : nodes.split("; ", -1)) {
      List<String> words = List.of(node.split(" ", -1));
      int last = words.size() - 1;
      models.node(words.get(0), "", words.subList(1, last), List.of(words.get(last)));
    }
    return models.output("y");
  }

  @Test
  void hardSwishOfOldClipIsRecognized() {
    OnnxModel prepared =
        assertPrepared(
            image(10)
                .constant(scalar("three", 3f))
                .constant(scalar("six", 6f))
                .node("Add", "x three", "a")
                .node("Clip", "a", "b", Models.number("min", 0f), Models.number("max", 6f))
                .node("Mul", "x b", "c")
                .node("Div", "c six", "y")
                .output("y"),
            IMAGE);
    assertThat(operators(prepared)).containsExactly("HardSigmoid", "Mul");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "Add x 3 a; Clip a 0 3 b; Mul x b c; Div c 6 y",
        "Add x 6 a; Clip a 0 6 b; Mul x b c; Div c 6 y",
        "Add x 3 a; Clip a 0 6 b; Mul x b c; Div c 3 y",
        "Add x 3 a; Clip a 0 6 b; Mul a b c; Div c 6 y",
        "Add x 3 a; Clip a 0  b; Mul x b c; Div c 6 y",
        "Add x 3 a; Clip a 0 6 b; Mul x b c; Div 6 c y",
        "Add x 3 a; Clip a 0 6 b; Mul x b c; Div c 6 d; Add b d y",
      })
  void whatOnlyResemblesHardSwishStays(String nodes) {
    OnnxModel model = swish(nodes).build();
    assertThat(GraphPreparation.prepare(model)).isSameAs(model);
  }

  @Test
  void textRecognitionLosesItsNormalizationsAndHardSwishes() {
    OnnxModel model = PublishedModels.RECOGNITION.read();
    OnnxModel prepared = GraphPreparation.prepare(model);
    assertThat(removed(model, prepared))
        .containsExactlyInAnyOrder(
            "BatchNormalization 6", "Add 56", "Mul 28", "Clip 28", "Div 28", "HardSigmoid -28");
    assertThat(OnnxGraph.of(prepared).nodes()).hasSameSizeAs(OnnxGraph.of(model).nodes());
  }

  @Test
  void textDirectionLosesItsNormalizationsAndHardSwishes() {
    OnnxModel model = PublishedModels.DIRECTION.read();
    OnnxModel prepared = GraphPreparation.prepare(model);
    assertThat(removed(model, prepared))
        .containsExactlyInAnyOrder(
            "BatchNormalization 35",
            "Add 36",
            "Clip 18",
            "Div 18",
            "Reshape 18",
            "HardSigmoid -18");
    assertThat(OnnxGraph.of(prepared).nodes()).hasSameSizeAs(OnnxGraph.of(model).nodes());
  }

  /** Operators that became fewer or, with a minus, more; constants aside. */
  private static List<String> removed(OnnxModel before, OnnxModel after) {
    List<String> lines = new ArrayList<>();
    before
        .operatorCounts()
        .forEach(
            (op, count) -> {
              int gone = count - after.operatorCounts().getOrDefault(op, 0);
              if (gone != 0 && !op.equals("Constant")) {
                lines.add(op + " " + gone);
              }
            });
    return lines;
  }

  @ParameterizedTest
  @EnumSource(
      value = PublishedModels.class,
      names = {"RECOGNITION", "DIRECTION"})
  void publishedModelsAnswerAsBefore(PublishedModels published) {
    OnnxModel model = published.read();
    OnnxModel prepared = GraphPreparation.prepare(model);
    // Probabilities: the largest is near 1, so this is an absolute difference too.
    assertThat(difference(model, prepared, published.input(5))).isLessThan(5e-5);
    assertThat(GraphPreparation.prepare(prepared)).isSameAs(prepared);
    assertThat(GraphPreparation.prepare(published.read()).toByteArray())
        .isEqualTo(prepared.toByteArray());
  }

  @Test
  void sentenceModelHasNothingToFold() {
    OnnxModel model = PublishedModels.SENTENCES.read();
    assertThat(GraphPreparation.prepare(model)).isSameAs(model);
  }

  @Test
  void productsThatShareABiasGetOneEach() {
    OnnxModel prepared =
        assertPrepared(
            image(13)
                .weight("w", 5, 4, 3, 3)
                .weight("v", 5, 5, 1, 1)
                .weight("b", 5)
                .node("Conv", "x w b", "c")
                .node("Identity", "b", "again")
                .node("Conv", "c v again", "d")
                .node("Conv", "d v b", "y")
                .output("y"),
            Reference.gaussian(3, 2, 4, 5, 6));
    assertThat(OnnxGraph.of(prepared).nodes())
        .extracting(node -> node.bias().orElseThrow())
        .containsExactly("b", "b_1", "b_2");
    QuantPlan plan = Plans.everything(prepared);
    OnnxModel quantized = QdqRewriter.rewrite(prepared, plan, p -> Plans.codes(prepared, p));
    assertThat(initializers(quantized))
        .contains("b_quantized", "b_1_quantized", "b_2_quantized")
        .doesNotContain("b", "b_1", "b_2");
  }
}
