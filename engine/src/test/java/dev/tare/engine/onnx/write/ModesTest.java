package dev.tare.engine.onnx.write;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.onnxruntime.OrtSession.SessionOptions.OptLevel;
import dev.tare.engine.onnx.OnnxModel;
import dev.tare.engine.onnx.Reference;
import dev.tare.engine.onnx.proto.NodeProto;
import dev.tare.engine.onnx.proto.TensorProto;
import dev.tare.engine.onnx.proto.ValueInfoProto;
import dev.tare.engine.onnx.view.OnnxGraph;
import dev.tare.engine.onnx.view.OnnxGraphTest;
import dev.tare.engine.plan.Candidates;
import dev.tare.engine.plan.PlanAssembler;
import dev.tare.engine.plan.QuantPlan;
import dev.tare.engine.plan.QuantPlanJson;
import dev.tare.engine.plan.TensorPlan;
import dev.tare.engine.plan.WeightPlanner;
import dev.tare.engine.quant.QuantError;
import dev.tare.engine.quant.Quantizer;
import dev.tare.engine.quant.Rounding;
import dev.tare.engine.recipe.Recipe;
import dev.tare.engine.recipe.Recipes;
import dev.tare.engine.target.OnnxRuntimeTarget;
import dev.tare.engine.tensor.DType;
import dev.tare.engine.tensor.Shape;
import dev.tare.engine.tensor.Tensor;
import dev.tare.testkit.Models;
import dev.tare.testkit.SmallModels;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Modes that need no statistics, from recipe to a model that runs. */
class ModesTest {

  private static final String RECIPE =
      """
      format-version = 1
      description = "For tests"
      operators = [MatMul, Gemm, Conv, ConvTranspose, Gather]
      weights {
        type = int8, symmetric = true, narrow-range = true, reduce-range = false
        granularity = per-channel, block-size = 32, method = min-max
      }
      float-above = 1e30
      """;

  private static Recipe recipe(String... changes) {
    return Recipes.parse(RECIPE + String.join("\n", changes));
  }

  private static QuantPlan plan(OnnxModel model, Recipe recipe) {
    Candidates candidates = Candidates.of(OnnxRuntimeTarget.INSTANCE, recipe, OnnxGraph.of(model));
    WeightPlanner planner = new WeightPlanner(recipe);
    List<TensorPlan> weights = new ArrayList<>();
    candidates
        .weights()
        .forEach(
            (name, query) -> weights.add(planner.plan(OnnxGraph.of(model).constant(name), query)));
    return new QuantPlan(
        "test",
        "",
        "",
        new PlanAssembler(candidates, OnnxGraph.of(model), List.of(), weights).assemble());
  }

  private static ByteBuffer codes(OnnxModel model, TensorPlan plan) {
    return Quantizer.quantize(
            OnnxGraph.of(model).constant(plan.tensor()),
            plan.params(),
            plan.granularity(),
            plan.limits(),
            Rounding.DIVISION)
        .bytes();
  }

  private static OnnxModel quantized(OnnxModel model, QuantPlan plan) {
    return QdqRewriter.rewrite(model, plan, tensor -> codes(model, tensor));
  }

  private static OnnxModel dequantized(OnnxModel model, QuantPlan plan) {
    return DequantizedModel.of(model, plan, tensor -> codes(model, tensor), ByteBuffer::allocate);
  }

  private static List<String> operators(OnnxModel model) {
    return model.graph().getNodeList().stream().map(NodeProto::getOpType).toList();
  }

  /** Signal to noise in dB between the first outputs. */
  private static double sqnrDb(
      OnnxModel expected, OnnxModel actual, OptLevel level, Map<String, Tensor> inputs) {
    Map<String, Tensor> a = Reference.run(expected, inputs, OptLevel.NO_OPT);
    Map<String, Tensor> b = Reference.run(actual, inputs, level);
    assertThat(b.keySet()).containsExactlyElementsOf(a.keySet());
    String output = a.keySet().iterator().next();
    assertThat(b.get(output).shape()).isEqualTo(a.get(output).shape());
    return QuantError.between(a.get(output).floats(), b.get(output).floats()).sqnrDb();
  }

  private static void assertWeightsAlone(OnnxModel model, Recipe recipe, Tensor x) {
    QuantPlan plan = plan(model, recipe);
    OnnxModel fake = dequantized(model, plan);
    OnnxModel quantized = quantized(model, plan);
    Map<String, Tensor> inputs = Map.of(model.inputs().get(0).name(), x);
    assertThat(sqnrDb(fake, quantized, OptLevel.NO_OPT, inputs)).isGreaterThan(100);
    // Optimized, ONNX Runtime makes MatMulNBits of accuracy level 4, which quantizes its input.
    assertThat(sqnrDb(fake, quantized, OptLevel.ALL_OPT, inputs)).isGreaterThan(38);
  }

  @ParameterizedTest
  @CsvSource({
    "int8, per-channel", "int8, per-tensor", "int8, per-block",
    "int4, per-channel", "int4, per-tensor", "int4, per-block",
    "int16, per-channel", "int16, per-block"
  })
  void weightOnlyComputesWithTheDequantizedWeights(String type, String granularity) {
    Recipe recipe =
        recipe(
            "mode = weight-only",
            "weights.type = " + type,
            "weights.granularity = " + granularity,
            "weights.block-size = 4");
    assertWeightsAlone(SmallModels.mlp().build(), recipe, Reference.gaussian(7, 5, 6));
    assertWeightsAlone(SmallModels.cnn().build(), recipe, Reference.gaussian(8, 2, 3, 8, 8));
  }

  @Test
  void unsignedWeightsMayBeAsymmetric() {
    for (String type : List.of("uint4", "uint8", "uint16")) {
      Recipe recipe =
          recipe(
              "mode = weight-only",
              "weights.type = " + type,
              "weights.symmetric = false",
              "weights.narrow-range = false",
              "weights.granularity = per-block");
      assertWeightsAlone(matMul(70, 6), recipe, Reference.gaussian(7, 5, 70));
    }
  }

  private static OnnxModel matMul(int k, int n) {
    return Models.opset(13)
        .input("x", "batch", k)
        .weight("w", k, n)
        .node("MatMul", "product", List.of("x", "w"), List.of("y"))
        .output("y")
        .build();
  }

  @ParameterizedTest
  @CsvSource({
    "int4, true, 32, 64",
    "int4, true, 32, 70",
    "int4, true, 128, 130",
    "int4, true, 16, 10",
    "uint4, false, 32, 70",
    "uint4, false, 32, 96",
    "int4, false, 64, 200",
    "int8, true, 32, 70",
    "uint8, false, 64, 70"
  })
  void packedWeightsComputeWithTheDequantizedOnes(
      String type, boolean symmetric, int block, int k) {
    OnnxModel model = matMul(k, 6);
    QuantPlan plan =
        plan(
            model,
            recipe(
                "mode = weight-only",
                "format = matmul-nbits",
                "weights.type = " + type,
                "weights.symmetric = " + symmetric,
                "weights.narrow-range = false",
                "weights.granularity = per-block",
                "weights.block-size = " + block));
    OnnxModel quantized = quantized(model, plan);
    assertThat(operators(quantized)).containsExactly("MatMulNBits");
    assertThat(quantized.opsets()).containsEntry("com.microsoft", 1L);
    assertThat(
            sqnrDb(
                dequantized(model, plan),
                quantized,
                OptLevel.ALL_OPT,
                Map.of("x", Reference.gaussian(9, 3, k))))
        .isGreaterThan(100);
  }

  @ParameterizedTest
  @CsvSource({
    "int4, true, 32, 64",
    "int4, false, 16, 48",
    "uint4, false, 32, 70",
    "uint4, true, 128, 384"
  })
  void rowsOfFourBitsInBlocksAreOurNumbersExactly(
      String type, boolean symmetric, int block, int width) {
    OnnxModel model =
        Models.opset(13)
            .input("ids", TensorProto.DataType.INT64, "batch", "n")
            .weight("table", 9, width)
            .node("Gather", "look-up", List.of("table", "ids"), List.of("rows"))
            .node("Relu", "rows", "y")
            .output("y", "rows")
            .build();
    Recipe recipe =
        recipe(
            "mode = weight-only",
            "format = matmul-nbits",
            "weights.type = " + type,
            "weights.symmetric = " + symmetric,
            "weights.narrow-range = false",
            "weights.granularity = per-block",
            "weights.block-size = " + block);
    QuantPlan plan = plan(model, recipe);
    assertThat(QuantPlanJson.parse(QuantPlanJson.format(plan))).isEqualTo(plan);
    OnnxModel quantized = quantized(model, plan);
    assertThat(operators(quantized)).containsExactly("GatherBlockQuantized", "Relu");
    Map<String, Tensor> ids = Map.of("ids", Tensor.ofLongs(Shape.of(2, 3), 0, 8, 2, 5, 5, 1));
    for (OptLevel level : List.of(OptLevel.NO_OPT, OptLevel.ALL_OPT)) {
      assertThat(Reference.run(quantized, ids, level))
          .isEqualTo(Reference.run(dequantized(model, plan), ids, level));
    }
    assertThat(sqnrDb(model, quantized, OptLevel.ALL_OPT, ids)).isBetween(12.0, 30.0);
  }

  @Test
  void tableThatAProductAlsoReadsInBlocksStaysFloatForIt() {
    OnnxModel model =
        Models.opset(13)
            .input("ids", TensorProto.DataType.INT64, "n")
            .input("x", "batch", 64)
            .weight("table", 64, 64)
            .node("Gather", "table ids", "rows")
            .node("MatMul", "x table", "y")
            .output("y", "rows")
            .build();
    Candidates candidates =
        Candidates.of(
            OnnxRuntimeTarget.INSTANCE,
            recipe(
                "mode = weight-only",
                "format = matmul-nbits",
                "weights.type = int4",
                "weights.narrow-range = false",
                "weights.granularity = per-block"),
            OnnxGraph.of(model));
    assertThat(candidates.nodes()).hasSize(1);
    assertThat(candidates.leftFloat().values())
        .containsExactly("node 'MatMul#1' reads the weight 'table' in another mode");
  }

  /** One-hot rows make each product a single number: no sum, so nothing is rounded. */
  @ParameterizedTest
  @CsvSource({"nf4, 16, 48", "nf4, 64, 128", "fp4, 32, 96", "fp4, 256, 256"})
  void productsWithTablesReadOurNumbersExactly(String type, int block, int k) {
    OnnxModel model = matMul(k, 7);
    QuantPlan plan = plan(model, table(type, block));
    OnnxModel quantized = quantized(model, plan);
    assertThat(operators(quantized)).containsExactly("MatMulBnb4");
    assertThat(quantized.opsets()).containsEntry("com.microsoft", 1L);
    float[] rows = new float[k * k];
    for (int row = 0; row < k; row++) {
      rows[row * k + row] = 1;
    }
    Tensor weights =
        Reference.run(
                quantized, Map.of("x", Tensor.ofFloats(Shape.of(k, k), rows)), OptLevel.ALL_OPT)
            .get("y");
    assertThat(weights.toFloatArray())
        .isEqualTo(OnnxGraph.of(dequantized(model, plan)).constant("w_dequantized").toFloatArray());
    // Sums are rounded in float32, as those of MatMul are, in another order.
    assertThat(
            sqnrDb(
                dequantized(model, plan),
                quantized,
                OptLevel.ALL_OPT,
                Map.of("x", Reference.gaussian(9, 3, k))))
        .isGreaterThan(120);
  }

  /** A table of numbers with their scale: nothing is rounded when one is taken. */
  @ParameterizedTest
  @CsvSource({
    "codebook4, per-tensor", "codebook4, per-channel",
    "codebook8, per-tensor", "codebook8, per-channel"
  })
  void learnedTablesGiveOurNumbersExactly(String type, String granularity) {
    Recipe recipe =
        recipe(
            "mode = weight-only",
            "format = gather",
            "operators = [MatMul, Gemm, Conv]",
            "weights.type = " + type,
            "weights.narrow-range = false",
            "weights.granularity = " + granularity);
    for (OnnxModel model : List.of(SmallModels.mlp().build(), SmallModels.cnn().build())) {
      QuantPlan plan = plan(model, recipe);
      assertThat(plan.tensors()).allMatch(tensor -> !tensor.channels().codebooks().isEmpty());
      assertThat(QuantPlanJson.parse(QuantPlanJson.format(plan))).isEqualTo(plan);
      OnnxModel quantized = quantized(model, plan);
      assertThat(operators(quantized)).contains("Gather");
      Tensor x =
          model.graph().getNodeList().stream().anyMatch(node -> node.getOpType().equals("Conv"))
              ? Reference.gaussian(8, 2, 3, 8, 8)
              : Reference.gaussian(7, 5, 6);
      Map<String, Tensor> inputs = Map.of(model.inputs().get(0).name(), x);
      for (OptLevel level : List.of(OptLevel.NO_OPT, OptLevel.ALL_OPT)) {
        assertThat(Reference.run(quantized, inputs, level))
            .isEqualTo(Reference.run(dequantized(model, plan), inputs, level));
      }
    }
  }

  private static Recipe table(String type, int block) {
    return recipe(
        "mode = weight-only",
        "format = matmul-bnb4",
        "weights.type = " + type,
        "weights.narrow-range = false",
        "weights.granularity = per-block",
        "weights.block-size = " + block);
  }

  @Test
  void whatProductsWithTablesDoNotTakeStaysFloat() {
    Candidates candidates =
        Candidates.of(OnnxRuntimeTarget.INSTANCE, table("nf4", 16), OnnxGraph.of(matMul(40, 6)));
    assertThat(candidates.chosen()).isEmpty();
    assertThat(candidates.leftFloat().values())
        .containsExactly(
            "only MatMulBnb4 reads weights of NF4, and it takes the right operand of a MatMul with"
                + " columns of whole blocks");
  }

  @ParameterizedTest
  @ValueSource(strings = {"int8", "uint8"})
  void dynamicProductsAreNearThoseOfTheDequantizedWeights(String type) {
    Recipe recipe =
        recipe("mode = dynamic", "weights.type = " + type, "weights.narrow-range = false");
    OnnxModel mlp = SmallModels.mlp().build();
    assertDynamic(mlp, recipe, Reference.gaussian(7, 5, 6), "MatMulInteger", 35);
    assertThat(operators(quantized(mlp, plan(mlp, recipe))))
        .filteredOn("DynamicQuantizeLinear"::equals)
        .hasSize(2);
    assertDynamic(
        Models.opset(13)
            .input("x", 6, 5)
            .weight("w", 4, 6)
            .weight("c", 4)
            .node(
                "Gemm",
                "x w c",
                "y",
                Models.integer("transA", 1),
                Models.integer("transB", 1),
                Models.number("alpha", .5f),
                Models.number("beta", -2))
            .output("y")
            .build(),
        recipe,
        Reference.gaussian(7, 6, 5),
        "MatMulInteger",
        35);
  }

  @Test
  void constantLeftOperandOfADynamicProductIsUnsignedOrStaysFloat() {
    OnnxModel model =
        Models.opset(13)
            .input("x", "batch", 6, 5)
            .weight("w", 4, 6)
            .node("MatMul", "w x", "y")
            .output("y")
            .build();
    Recipe unsigned =
        recipe("mode = dynamic", "weights.type = uint8", "weights.narrow-range = false");
    assertDynamic(model, unsigned, Reference.gaussian(7, 2, 6, 5), "MatMulInteger", 35);
    Candidates candidates =
        Candidates.of(OnnxRuntimeTarget.INSTANCE, recipe("mode = dynamic"), OnnxGraph.of(model));
    assertThat(candidates.chosen()).isEmpty();
    assertThat(candidates.leftFloat().values())
        .containsExactly(
            "ONNX Runtime multiplies integers by an unsigned left operand only, and the weight"
                + " stands there");
  }

  @Test
  void dynamicConvolutionTakesUnsignedWeightsAndKeepsItsBias() {
    Recipe recipe =
        recipe(
            "mode = dynamic",
            "rules = [{ operators = [Conv], role = weight, type = uint8, narrow-range = false }]");
    assertDynamic(
        SmallModels.cnn().build(), recipe, Reference.gaussian(8, 2, 3, 8, 8), "ConvInteger", 33);
  }

  private static void assertDynamic(
      OnnxModel model, Recipe recipe, Tensor x, String operator, double floor) {
    QuantPlan plan = plan(model, recipe);
    OnnxModel quantized = quantized(model, plan);
    assertThat(operators(quantized))
        .contains(operator, "DynamicQuantizeLinear")
        .doesNotContain("MatMul", "Gemm", "Conv");
    for (OptLevel level : List.of(OptLevel.NO_OPT, OptLevel.ALL_OPT)) {
      double db =
          sqnrDb(
              dequantized(model, plan), quantized, level, Map.of(model.inputs().get(0).name(), x));
      assertThat(db).as("%s %s", operator, level).isGreaterThan(floor);
    }
  }

  @Test
  void dequantizedWeightsAreTheFakeQuantizedOnes() {
    OnnxModel model = SmallModels.mlp().build();
    QuantPlan plan = plan(model, recipe("mode = weight-only", "weights.type = int4"));
    OnnxModel fake = dequantized(model, plan);
    assertThat(fake.opset()).isEqualTo(13);
    for (TensorPlan weight : plan.tensors()) {
      Tensor expected =
          Quantizer.fakeQuantize(
              OnnxGraph.of(model).constant(weight.tensor()),
              weight.params(),
              weight.granularity(),
              weight.limits(),
              Rounding.DIVISION);
      assertThat(OnnxGraph.of(fake).constant(weight.tensor() + "_dequantized")).isEqualTo(expected);
    }
    assertThat(fake.constants().contains("w1")).isFalse();
    assertThat(sqnrDb(model, fake, OptLevel.NO_OPT, Map.of("x", Reference.gaussian(7, 5, 6))))
        .isCloseTo(20, within(10.0));
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void weightsInBodiesAreQuantizedAloneAndDequantizedOutside(boolean flag) {
    OnnxModel model = OnnxGraphTest.branches().build();
    QuantPlan plan = plan(model, recipe("mode = weight-only"));
    assertThat(plan.tensors())
        .extracting(TensorPlan::tensor)
        .containsExactly("If#1/else_branch/own", "If#1/then_branch/w", "outer");
    assertThat(plan.tensors().get(2).consumers())
        .containsExactly("MatMul#0", "If#1/else_branch/MatMul#1");
    OnnxModel quantized = quantized(model, plan);
    assertThat(quantized.operatorCounts()).containsEntry("DequantizeLinear", 3);
    Tensor flags =
        Tensor.of(DType.BOOL, Shape.SCALAR, ByteBuffer.wrap(new byte[] {(byte) (flag ? 1 : 0)}));
    Map<String, Tensor> inputs = Map.of("x", Reference.gaussian(7, 4, 4), "flag", flags);
    for (OptLevel level : List.of(OptLevel.NO_OPT, OptLevel.ALL_OPT)) {
      assertThat(sqnrDb(dequantized(model, plan), quantized, level, inputs)).isGreaterThan(100);
    }
    assertThat(sqnrDb(model, quantized, OptLevel.ALL_OPT, inputs)).isBetween(25.0, 60.0);
    assertThat(OnnxGraph.of(quantized).inSubgraphs()).isEmpty();
    assertThat(quantized(model, plan).toByteArray()).isEqualTo(quantized.toByteArray());
  }

  @Test
  void bodiesStayFloatInOtherModes() {
    OnnxModel model = OnnxGraphTest.branches().build();
    Candidates dynamic =
        Candidates.of(OnnxRuntimeTarget.INSTANCE, recipe("mode = dynamic"), OnnxGraph.of(model));
    assertThat(dynamic.nodes()).extracting("node").containsExactly("MatMul#0");
    assertThat(dynamic.leftFloat())
        .hasSize(4)
        .allSatisfy((node, reason) -> assertThat(reason).contains("in a body of If, Loop or Scan"));
    Candidates packed =
        Candidates.of(
            OnnxRuntimeTarget.INSTANCE,
            recipe(
                "mode = weight-only",
                "format = matmul-nbits",
                "weights.type = int4",
                "weights.narrow-range = false",
                "weights.granularity = per-block"),
            OnnxGraph.of(model));
    assertThat(packed.leftFloat().values())
        .containsExactly("node 'MatMul#0' reads the weight 'outer' in another mode");
  }

  @ParameterizedTest
  @ValueSource(ints = {7, 11, 12, 17, 22})
  void dequantizedModelKeepsItsOpset(int opset) {
    Models models =
        Models.opset(opset)
            .input("x", "batch", 6)
            .weight("w", 6, 8)
            .node("MatMul", "x w", "h")
            .node("Relu", "h", "y")
            .output("y");
    if (opset < 9) {
      models.input("w", 6, 8);
    }
    OnnxModel model = models.build();
    OnnxModel fake = dequantized(model, plan(model, recipe("mode = weight-only")));
    assertThat(fake.opset()).isEqualTo(opset);
    assertThat(fake.irVersion()).isEqualTo(model.irVersion());
    assertThat(fake.graph().getInputList())
        .extracting(ValueInfoProto::getName)
        .containsExactlyElementsOf(opset < 9 ? List.of("x", "w_dequantized") : List.of("x"));
    double db = sqnrDb(model, fake, OptLevel.NO_OPT, Map.of("x", Reference.gaussian(7, 5, 6)));
    assertThat(db).isBetween(35.0, 55.0);
  }
}
