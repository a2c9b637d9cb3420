package dev.tare.engine.onnx.view;

import static dev.tare.testkit.Models.integer;
import static dev.tare.testkit.Models.longs;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.onnxruntime.OrtSession.SessionOptions.OptLevel;
import dev.tare.engine.model.Observation;
import dev.tare.engine.onnx.OnnxModel;
import dev.tare.engine.onnx.PlacementModels;
import dev.tare.engine.onnx.Reference;
import dev.tare.engine.onnx.StaticPlans;
import dev.tare.engine.onnx.graph.TensorCodec;
import dev.tare.engine.onnx.proto.GraphProto;
import dev.tare.engine.onnx.proto.NodeProto;
import dev.tare.engine.onnx.proto.TensorProto;
import dev.tare.engine.onnx.proto.ValueInfoProto;
import dev.tare.engine.plan.QuantPlan;
import dev.tare.engine.plan.ScaleOrigin;
import dev.tare.engine.plan.TensorPlan;
import dev.tare.engine.quant.QuantError;
import dev.tare.engine.recipe.Recipe;
import dev.tare.engine.recipe.Recipes;
import dev.tare.engine.recipe.Role;
import dev.tare.engine.tensor.DType;
import dev.tare.engine.tensor.Shape;
import dev.tare.engine.tensor.Tensor;
import dev.tare.testkit.Models;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Placement all-supported against ONNX Runtime's own, and in ONNX Runtime. */
class AllSupportedTest {

  private static final String RECIPE =
      """
      format-version = 1
      description = "For tests"
      placement = all-supported
      operators = [
        Add, ArgMax, AveragePool, BatchNormalization, Clip, Concat, Conv, ConvTranspose, CumSum,
        Flatten, Gather, GatherElements, Gemm, GlobalAveragePool, InstanceNormalization,
        LayerNormalization, LeakyRelu, MatMul, MaxPool, Mul, Pad, Relu, Reshape, Resize, Sigmoid,
        Slice, Softmax, Split, Squeeze, TopK, Transpose, Unsqueeze, Where
      ]
      activations {
        type = uint8, symmetric = false, narrow-range = false, reduce-range = false
        granularity = per-tensor, method = min-max
      }
      weights {
        type = int8, symmetric = true, narrow-range = true, reduce-range = false
        granularity = per-channel, method = min-max
      }
      float-above = 1e30
      """;

  private static Recipe recipe(String... changes) {
    return Recipes.parse(RECIPE + String.join("\n", changes));
  }

  private static QuantPlan plan(OnnxModel model, Recipe recipe, Map<String, Tensor> input) {
    return StaticPlans.plan(model, recipe, Observation.ALL_SUPPORTED, input);
  }

  private static List<String> rows(QuantPlan plan) {
    List<String> rows = new ArrayList<>();
    for (TensorPlan tensor : plan.tensors()) {
      if (tensor.quantized() && tensor.role() != Role.BIAS) {
        String source =
            tensor.origin() instanceof ScaleOrigin.SharedWith other
                ? other.tensor()
                : tensor.tensor();
        rows.add(
            "%s\t%s\t%s"
                .formatted(
                    tensor.tensor(), source, String.join(" ", new TreeSet<>(tensor.consumers()))));
      }
    }
    return rows;
  }

  private static List<String> expected(String name) throws IOException {
    try (InputStream in =
        AllSupportedTest.class.getResourceAsStream("/placement/" + name + ".tsv")) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8).lines().toList();
    }
  }

  /**
   * Rows that ONNX Runtime has and we have not, and our rows in their place, by model.
   *
   * <p>A constant that an operator which is not quantized reads too stays float for that one. Rows
   * of a table have scales of their own, so that what a Gather takes has its own too. The runtime
   * leaves a MaxPool of opset 11 alone, which is one of 13 in the rewritten model. The constant of
   * the attention mask reaches -3.4e38.
   */
  private static final Map<String, List<List<String>>> DIFFERENCES =
      Map.of(
          "views",
          List.of(
              List.of("half\thalf\tabove half_scores", "one\tone\tminus pad_one"),
              List.of("half\thalf\thalf_scores", "one\tone\tpad_one")),
          "normalized",
          List.of(List.of("e\ttable\tplace"), List.of("e\te\tplace")),
          "direction",
          List.of(
              List.of("pool2d_9.tmp_0\tpool2d_9.tmp_0\tGlobalAveragePool@9"),
              List.of("pool2d_9.tmp_0\thardswish_17.tmp_0\tGlobalAveragePool@9")),
          "sentences",
          List.of(
              List.of(
                  "/Constant_1_output_0\t/Constant_1_output_0\t/Mul",
                  embedding("position", "embeddings.position_embeddings.weight", "Add_1"),
                  embedding("token_type", "embeddings.token_type_embeddings.weight", "Add"),
                  embedding("word", "embeddings.word_embeddings.weight", "Add")),
              List.of(
                  embedding("position", taken("position"), "Add_1"),
                  embedding("token_type", taken("token_type"), "Add"),
                  embedding("word", taken("word"), "Add"))));

  private static String embedding(String table, String source, String reader) {
    return "%s\t%s\t/embeddings/%s".formatted(taken(table), source, reader);
  }

  private static String taken(String table) {
    return "/embeddings/" + table + "_embeddings/Gather_output_0";
  }

  @Tag("slow")
  @ParameterizedTest
  @CsvSource({
    "vision, 25",
    "views, 30",
    "normalized, 35",
    "direction, 40",
    "recognition, 5",
    "sentences, 1"
  })
  void quantizesTheTensorsThatOnnxRuntimeQuantizes(String name, double floorDb) throws IOException {
    OnnxModel model = PlacementModels.model(name);
    Map<String, Tensor> input = PlacementModels.input(name, 5);
    QuantPlan plan = plan(model, recipe(), input);
    List<String> ours = rows(plan);
    List<String> theirs = expected(name);
    List<List<String>> differences = DIFFERENCES.getOrDefault(name, List.of(List.of(), List.of()));
    assertThat(theirs).filteredOn(row -> !ours.contains(row)).isEqualTo(differences.get(0));
    assertThat(ours)
        .filteredOn(row -> !theirs.contains(row))
        .containsExactlyInAnyOrderElementsOf(differences.get(1));

    OnnxModel quantized = StaticPlans.quantized(model, plan);
    assertThat(quantizers(quantized))
        .containsExactlyInAnyOrderElementsOf(
            plan.quantized(Role.ACTIVATION).stream().map(AllSupportedTest::quantizer).toList());
    Map<String, Tensor> expected = Reference.run(model, input, OptLevel.ALL_OPT);
    Map<String, Tensor> actual = Reference.run(quantized, input, OptLevel.ALL_OPT);
    assertThat(actual.keySet()).containsExactlyElementsOf(expected.keySet());
    for (String output : expected.keySet()) {
      float[] values = actual.get(output).toFloatArray();
      assertThat(values).as(output).doesNotContain(Float.NaN, Float.POSITIVE_INFINITY);
      assertThat(QuantError.between(expected.get(output).toFloatArray(), values).sqnrDb())
          .as(output)
          .isGreaterThan(floorDb);
    }
  }

  private static List<String> quantizers(OnnxModel model) {
    return model.graph().getNodeList().stream()
        .filter(node -> node.getOpType().equals("QuantizeLinear"))
        .map(NodeProto::getName)
        .toList();
  }

  private static String quantizer(TensorPlan plan) {
    return plan.tensor() + "_QuantizeLinear";
  }

  private static TensorPlan activation(QuantPlan plan, String tensor) {
    return plan.find(tensor, Role.ACTIVATION).orElseThrow();
  }

  @Test
  void sharedScaleIsThatOfItsSource() {
    QuantPlan plan =
        plan(PlacementModels.model("views"), recipe(), PlacementModels.input("views", 5));
    TensorPlan keys = activation(plan, "kt");
    assertThat(keys.method()).isEqualTo("shared:q");
    assertThat(keys.channels()).isEqualTo(activation(plan, "q").channels());
    assertThat(activation(plan, "at").method()).isEqualTo("probabilities");
    assertThat(activation(plan, "at").channels().get(0).range().high()).isEqualTo(1f);
  }

  @Test
  void inputOfAReluIsLeftInFloatAndTakesItsRangeWhereZeroPointsAreFixed() {
    OnnxModel model = PlacementModels.model("vision");
    Map<String, Tensor> input = PlacementModels.input("vision", 5);
    assertThat(activation(plan(model, recipe(), input), "c1").floatReason())
        .contains("Relu 'relu1' alone reads it, whose output 'r1' is quantized instead");
    QuantPlan symmetric =
        plan(model, recipe("activations.type = int8, activations.symmetric = true"), input);
    assertThat(activation(symmetric, "c1").method()).isEqualTo("shared:r1");
    assertThat(activation(symmetric, "c1").channels())
        .isEqualTo(activation(symmetric, "r1").channels());
    assertThat(activation(symmetric, "sum").method()).isEqualTo("shared:r3");
  }

  /** A layer whose output is cut before the next one, and read whole by somebody else. */
  private static Models cutBehind(String cut) {
    Models models = Models.opset(13).input("x", 4, 16).weight("w", 16, 16).weight("v", 16, 8);
    if (cut.equals("Clip")) {
      models
          .constant(TensorCodec.floats("low", List.of(), 0f))
          .constant(TensorCodec.floats("high", List.of(), .5f));
    }
    return models
        .node("MatMul", "first", List.of("x", "w"), List.of("h"))
        .node(cut, cut.equals("Clip") ? "h low high" : "h", "r")
        .node("MatMul", "second", List.of("r", "v"), List.of("y"))
        .output("y");
  }

  @ParameterizedTest
  @CsvSource({"Relu, false", "Relu, true", "Clip, false", "Clip, true"})
  void outputOfTheGraphKeepsWhatAReluOrClipCutsOff(String cut, boolean symmetric) {
    OnnxModel model = cutBehind(cut).output("h").build();
    assertWhole(model, symmetric, Map.of("x", Reference.gaussian(5, 4, 16)), "h");
  }

  @ParameterizedTest
  @CsvSource({"Relu, false", "Relu, true", "Clip, false", "Clip, true"})
  void bodyThatCapturesATensorReadsWhatAReluOrClipCutsOff(String cut, boolean symmetric) {
    GraphProto.Builder same =
        GraphProto.newBuilder()
            .setName("same")
            .addNode(Models.nodeOf("Identity", "", List.of("h"), List.of("t")))
            .addOutput(ValueInfoProto.newBuilder().setName("t"));
    GraphProto.Builder negated =
        GraphProto.newBuilder()
            .setName("negated")
            .addNode(Models.nodeOf("Neg", "", List.of("h"), List.of("e")))
            .addOutput(ValueInfoProto.newBuilder().setName("e"));
    OnnxModel model =
        cutBehind(cut)
            .input("flag", TensorProto.DataType.BOOL)
            .node(
                "If",
                "flag",
                "z",
                Models.graph("then_branch", same),
                Models.graph("else_branch", negated))
            .output("z")
            .build();
    Tensor flag = Tensor.of(DType.BOOL, Shape.SCALAR, ByteBuffer.wrap(new byte[1]));
    assertWhole(model, symmetric, Map.of("x", Reference.gaussian(5, 4, 16), "flag", flag), "z");
  }

  private static void assertWhole(
      OnnxModel model, boolean symmetric, Map<String, Tensor> input, String output) {
    Recipe recipe =
        symmetric ? recipe("activations.type = int8, activations.symmetric = true") : recipe();
    QuantPlan plan = plan(model, recipe, input);
    assertThat(activation(plan, "h").method()).isEqualTo("min-max");
    assertThat(activation(plan, "h").channels().get(0).range().low()).isLessThan(-1f);
    Tensor expected = Reference.run(model, input, OptLevel.ALL_OPT).get(output);
    Tensor actual =
        Reference.run(StaticPlans.quantized(model, plan), input, OptLevel.ALL_OPT).get(output);
    assertThat(QuantError.between(expected.toFloatArray(), actual.toFloatArray()).sqnrDb())
        .isGreaterThan(30);
  }

  @Test
  void layersBehindTheSecondOutputOfARecurrentOperatorAreQuantized() {
    OnnxModel model =
        Models.opset(17)
            .input("x", 5, 2, 6)
            .weight("wg", 1, 24, 6)
            .weight("rg", 1, 24, 8)
            .weight("w", 8, 4)
            .constant(longs("first", 0L))
            .node(
                "GRU",
                "gru",
                List.of("x", "wg", "rg"),
                List.of("", "last"),
                integer("hidden_size", 8))
            .node("Squeeze", "squeeze", List.of("last", "first"), List.of("g"))
            .node("MatMul", "fc", List.of("g", "w"), List.of("y"))
            .output("y")
            .build();
    QuantPlan plan = plan(model, recipe(), Map.of("x", Reference.gaussian(5, 5, 2, 6)));
    assertThat(plan.quantized(Role.ACTIVATION)).extracting(TensorPlan::tensor).contains("g", "y");
    assertThat(plan.quantized(Role.WEIGHT)).extracting(TensorPlan::tensor).containsExactly("w");
    assertThat(plan.find("wg", Role.WEIGHT).orElseThrow().floatReason())
        .contains("constants of GRU are not quantized");
  }

  @Test
  void productThatTheRecipeLeavesReadsItsInputInFloat() {
    OnnxModel model = cutBehind("Relu").build();
    QuantPlan plan =
        plan(model, recipe("exclude = [second]"), Map.of("x", Reference.gaussian(5, 4, 16)));
    assertThat(plan.quantized(Role.ACTIVATION))
        .extracting(TensorPlan::tensor)
        .contains("x")
        .doesNotContain("r");
    assertThat(plan.tensors()).noneMatch(t -> t.quantized() && t.consumers().contains("second"));
  }

  @Test
  void tensorsThatReachTooFarStayFloatAndSoDoThoseThatShareTheirScale() {
    OnnxModel model = PlacementModels.model("views");
    QuantPlan plan = plan(model, recipe("float-above = 1"), PlacementModels.input("views", 5));
    assertThat(activation(plan, "q").floatReason().orElseThrow()).contains("beyond float-above");
    assertThat(activation(plan, "kt").floatReason().orElseThrow())
        .startsWith("it shares the scale of 'q', which stays float: values reach");
    assertThat(plan.find("w", Role.WEIGHT).orElseThrow().floatReason().orElseThrow())
        .startsWith("its input 'xtt' stays float: values reach");
    assertThat(quantizers(StaticPlans.quantized(model, plan))).doesNotContain("q", "kt", "h");
  }

  @Test
  void recipeLeavesTensorsAndNodesByName() {
    OnnxModel model = PlacementModels.model("views");
    QuantPlan plan =
        plan(model, recipe("exclude = [q, mix, half]"), PlacementModels.input("views", 5));
    assertThat(activation(plan, "q").floatReason()).contains("the recipe excludes 'q' (exclude)");
    assertThat(plan.find("h", Role.ACTIVATION)).isEmpty();
    assertThat(plan.find("mx", Role.ACTIVATION)).isEmpty();
    assertThat(plan.find("half", Role.WEIGHT)).isEmpty();
    assertThat(activation(plan, "p").quantized()).isTrue();
  }

  @Test
  void recipeMayNameFewerOperators() {
    OnnxModel model = PlacementModels.model("vision");
    Recipe recipe = recipe("operators = [Conv, Add]");
    QuantPlan plan = plan(model, recipe, PlacementModels.input("vision", 5));
    assertThat(plan.quantized(Role.ACTIVATION))
        .extracting(TensorPlan::tensor)
        .containsExactly("c1", "c2", "c3", "image", "r1", "r2", "sum");
  }

  @Test
  void refusesScalesThatCannotBePassedOn() {
    assertThatThrownBy(() -> recipe("activations.granularity = per-channel"))
        .hasMessageContaining("all-supported needs activations per tensor");
    assertThatThrownBy(() -> recipe("mode = weight-only"))
        .hasMessageContaining("all-supported needs mode static");
    assertThatThrownBy(() -> recipe("operators = [Tanh]"))
        .hasMessageContaining("cannot quantize 'Tanh'; known are [Add, ArgMax,");
    assertThatThrownBy(() -> recipe("placement = constant-weights"))
        .hasMessageContaining("cannot quantize 'Add'; known are [Conv, ConvTranspose, Gather,");
    assertThatThrownBy(() -> recipe("placement = everywhere"))
        .hasMessageContaining("expected constant-weights or all-supported, found 'everywhere'");
  }
}
