package dev.tare.engine.onnx.write;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import ai.onnxruntime.OrtSession.SessionOptions.OptLevel;
import dev.tare.engine.graph.EmbeddingNode;
import dev.tare.engine.onnx.OnnxModel;
import dev.tare.engine.onnx.Plans;
import dev.tare.engine.onnx.Reference;
import dev.tare.engine.onnx.proto.GraphProto;
import dev.tare.engine.onnx.proto.NodeProto;
import dev.tare.engine.onnx.proto.StringStringEntryProto;
import dev.tare.engine.onnx.proto.TensorProto;
import dev.tare.engine.onnx.view.OnnxGraph;
import dev.tare.engine.plan.QuantPlan;
import dev.tare.engine.plan.TensorPlan;
import dev.tare.engine.quant.QuantError;
import dev.tare.engine.quant.QuantType;
import dev.tare.engine.recipe.Role;
import dev.tare.engine.tensor.DType;
import dev.tare.engine.tensor.Shape;
import dev.tare.engine.tensor.Tensor;
import dev.tare.testkit.Models;
import dev.tare.testkit.SmallModels;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;

public class QdqRewriterTest {

  private static final Tensor ROWS = Reference.gaussian(7, 5, 6);

  private static OnnxModel quantized(OnnxModel model) {
    return rewrite(model, Plans.everything(model));
  }

  private static OnnxModel rewrite(OnnxModel model, QuantPlan plan) {
    return QdqRewriter.rewrite(model, plan, tensor -> Plans.codes(model, tensor));
  }

  private static List<String> initializers(OnnxModel model) {
    return model.graph().getInitializerList().stream().map(TensorProto::getName).toList();
  }

  private static NodeProto node(OnnxModel model, String name) {
    return model.graph().getNodeList().stream()
        .filter(n -> n.getName().equals(name))
        .findFirst()
        .orElseThrow();
  }

  private static double sqnrDb(Tensor expected, Tensor actual) {
    assertThat(actual.shape()).isEqualTo(expected.shape());
    return QuantError.between(expected.floats(), actual.floats()).sqnrDb();
  }

  private static void assertNear(OnnxModel model, OnnxModel quantized, Map<String, Tensor> inputs) {
    Map<String, Tensor> expected = Reference.run(model, inputs, OptLevel.NO_OPT);
    for (OptLevel level : List.of(OptLevel.NO_OPT, OptLevel.ALL_OPT)) {
      Map<String, Tensor> actual = Reference.run(quantized, inputs, level);
      assertThat(actual.keySet()).containsExactlyElementsOf(expected.keySet());
      expected.forEach(
          (name, tensor) -> assertThat(sqnrDb(tensor, actual.get(name))).isGreaterThan(20));
    }
  }

  @Test
  void quantizedMlpIsNearTheFloatOne() {
    OnnxModel model = SmallModels.mlp().build();
    assertNear(model, quantized(model), Map.of("x", ROWS));
  }

  @Test
  void quantizedCnnWithConstantNodesIsNearTheFloatOne() {
    OnnxModel model = SmallModels.cnn().build();
    OnnxModel quantized = quantized(model);
    assertNear(model, quantized, Map.of("image", Reference.gaussian(3, 2, 3, 8, 8)));
    assertThat(quantized.operatorCounts()).doesNotContainKey("Constant");
    assertThat(initializers(quantized))
        .contains("kernel_quantized", "kernel_bias_quantized", "kernel_bias_quantized_scale")
        .doesNotContain("kernel_bias_quantized_zero_point");
  }

  @Test
  void optimizedAndPlainRuntimeAgreeOnInt32Biases() {
    OnnxModel quantized = quantized(SmallModels.cnn().build());
    Map<String, Tensor> inputs = Map.of("image", Reference.gaussian(3, 2, 3, 8, 8));
    float[] plain = Reference.run(quantized, inputs, OptLevel.NO_OPT).get("y").toFloatArray();
    float[] optimized = Reference.run(quantized, inputs, OptLevel.ALL_OPT).get("y").toFloatArray();
    assertThat(optimized).containsExactly(plain, within(1e-4f));
  }

  @Test
  void storedIntegersAreTheGivenOnes() {
    OnnxModel model = SmallModels.mlp().build();
    QuantPlan plan = Plans.everything(model);
    OnnxModel quantized = rewrite(model, plan);
    plan.quantized(Role.WEIGHT)
        .forEach(
            weight ->
                assertThat(OnnxGraph.of(quantized).constant(weight.tensor() + "_quantized"))
                    .isEqualTo(
                        Tensor.of(
                            DType.INT8, weight.shape().orElseThrow(), Plans.codes(model, weight))));
  }

  @Test
  void sharedActivationHasOnePair() {
    OnnxModel quantized = quantized(SmallModels.mlp().build());
    assertThat(quantized.operatorCounts())
        .containsEntry("QuantizeLinear", 2)
        .containsEntry("DequantizeLinear", 5);
    assertThat(node(quantized, "first").getInput(0)).isEqualTo("x_DequantizeLinear_Output");
    assertThat(node(quantized, "second").getInput(0)).isEqualTo("x_DequantizeLinear_Output");
  }

  @Test
  void onlyPlannedConsumersAreRedirected() {
    OnnxModel model = SmallModels.mlp().build();
    OnnxModel quantized = rewrite(model, Plans.of(Plans.activation("x", List.of("second"))));
    assertThat(node(quantized, "first")).isEqualTo(node(model, "first"));
    assertThat(node(quantized, "second").getInputList())
        .containsExactly("x_DequantizeLinear_Output", "w2");
    assertThat(initializers(quantized)).containsSubsequence("w1", "w2", "w3", "x_scale");
  }

  @Test
  void weightThatAGatherAlsoReadsStaysFloatForIt() {
    OnnxModel model =
        Models.opset(13)
            .input("ids", TensorProto.DataType.INT64, "n")
            .weight("table", 6, 8)
            .node("Gather", "table ids", "rows")
            .weight("dense", 8, 6)
            .node("MatMul", "rows dense", "hidden")
            .node("MatMul", "hidden table", "y")
            .output("y", "hidden")
            .build();
    OnnxModel quantized = quantized(model);
    assertThat(initializers(quantized))
        .contains("table", "table_quantized")
        .doesNotContain("dense");
    assertNear(model, quantized, Map.of("ids", Tensor.ofLongs(Shape.of(3), 0, 5, 2)));
  }

  private static Models embedding() {
    return Models.opset(13)
        .input("ids", TensorProto.DataType.INT64, "batch", "n")
        .weight("table", 9, 8)
        .node("Gather", "look-up", List.of("table", "ids"), List.of("rows"))
        .node("Relu", "rows", "y")
        .output("y", "rows");
  }

  @Test
  void gatherTakesRowsOfTheIntegerTable() {
    OnnxModel model = embedding().build();
    assertThat(OnnxGraph.of(model).embeddings())
        .containsExactly(new EmbeddingNode("look-up", "Gather", "table", Shape.of(9, 8)));
    float[] scales = new float[9];
    Arrays.fill(scales, .012f);
    for (OptionalInt axis : List.of(OptionalInt.of(0), OptionalInt.empty())) {
      OnnxModel quantized =
          rewrite(model, Plans.of(table(axis, 0, axis.isEmpty() ? new float[] {.012f} : scales)));
      assertThat(initializers(quantized)).contains("table_quantized").doesNotContain("table");
      assertNear(model, quantized, Map.of("ids", Tensor.ofLongs(Shape.of(1, 3), 0, 8, 2)));
    }
    assertThatIllegalArgumentException()
        .isThrownBy(() -> rewrite(model, Plans.of(table(OptionalInt.of(0), 3, scales))))
        .withMessage(
            "Cannot quantize weight 'table': rows read by node 'look-up' need axis 0 and zero"
                + " point 0");
  }

  private static TensorPlan table(OptionalInt axis, int zeroPoint, float... scales) {
    return Plans.plan(
        "table",
        Role.WEIGHT,
        List.of("look-up"),
        Optional.of(Shape.of(9, 8)),
        QuantType.INT8,
        axis,
        zeroPoint,
        scales);
  }

  @Test
  void weightSharedByTwoProductsIsQuantizedOnce() {
    OnnxModel model =
        Models.opset(13)
            .input("x", "n", 6)
            .weight("w", 6, 6)
            .node("Identity", "w", "tied")
            .node("MatMul", "x w", "h")
            .node("MatMul", "h tied", "y")
            .output("y")
            .build();
    assertThat(OnnxGraph.of(model).nodes()).extracting("weight").containsExactly("w", "w");
    OnnxModel quantized = quantized(model);
    assertThat(initializers(quantized)).containsOnlyOnce("w_quantized").doesNotContain("w");
    assertThat(quantized.operatorCounts()).doesNotContainKey("Identity");
    assertNear(model, quantized, Map.of("x", ROWS));
  }

  @Test
  void weightThatASubgraphCapturesIsKept() {
    OnnxModel model = capturing(13).build();
    OnnxModel quantized = quantized(model);
    assertThat(initializers(quantized)).contains("w", "w_quantized");
    assertNear(
        model,
        quantized,
        Map.of("x", ROWS, "flag", Tensor.of(DType.BOOL, Shape.of(1), ByteBuffer.allocate(1))));
  }

  public static Models capturing(int opset) {
    GraphProto.Builder then =
        GraphProto.newBuilder()
            .setName("then")
            .addNode(Models.nodeOf("MatMul", "inner", List.of("x", "w"), List.of("t")))
            .addOutput(Models.info("t", TensorProto.DataType.FLOAT, "n", 6));
    GraphProto.Builder otherwise =
        GraphProto.newBuilder()
            .setName("else")
            .addNode(Models.nodeOf("Identity", "", List.of("x"), List.of("e")))
            .addOutput(Models.info("e", TensorProto.DataType.FLOAT, "n", 6));
    return Models.opset(opset)
        .input("x", "n", 6)
        .input("flag", TensorProto.DataType.BOOL, 1)
        .weight("w", 6, 6)
        .node(
            "If",
            "flag",
            "a",
            Models.graph("then_branch", then),
            Models.graph("else_branch", otherwise))
        .node("MatMul", "x w", "b")
        .node("Add", "a b", "y")
        .output("y");
  }

  @Test
  void constantLeftOperandIsQuantizedByRows() {
    OnnxModel model =
        Models.opset(13)
            .input("x", 6, 5)
            .weight("w", 4, 6)
            .node("MatMul", "w x", "y")
            .output("y")
            .build();
    assertThat(OnnxGraph.of(model).nodes().get(0).weightAxis()).isZero();
    assertNear(model, quantized(model), Map.of("x", Reference.gaussian(5, 6, 5)));
  }

  @Test
  void graphOutputThatIsAlsoQuantizedKeepsItsName() {
    OnnxModel model = SmallModels.mlp().output("d").build();
    assertNear(model, quantized(model), Map.of("x", ROWS));
  }

  @Test
  void activationPerChannelHasAnAxis() {
    OnnxModel model = SmallModels.mlp().build();
    OnnxModel quantized =
        rewrite(
            model,
            Plans.of(
                Plans.plan(
                    "x",
                    Role.ACTIVATION,
                    List.of("first", "second"),
                    Optional.empty(),
                    QuantType.UINT8,
                    OptionalInt.of(1),
                    128,
                    .05f,
                    .06f,
                    .05f,
                    .04f,
                    .05f,
                    .05f)));
    assertThat(node(quantized, "x_QuantizeLinear").getAttribute(0))
        .isEqualTo(Models.integer("axis", 1));
    assertNear(model, quantized, Map.of("x", ROWS));
  }

  @Test
  void everythingElseStays() {
    Models models = SmallModels.mlp();
    models.graph.setDocString("what it does");
    models.model.addMetadataProps(
        StringStringEntryProto.newBuilder().setKey("author").setValue("someone"));
    OnnxModel model = models.build();
    OnnxModel quantized = quantized(model);
    assertThat(quantized.graph().getInputList()).isEqualTo(model.graph().getInputList());
    assertThat(quantized.graph().getOutputList()).isEqualTo(model.graph().getOutputList());
    assertThat(quantized.graph().getDocString()).isEqualTo("what it does");
    assertThat(quantized.proto().getMetadataPropsList())
        .isEqualTo(model.proto().getMetadataPropsList());
    assertThat(quantized.producer()).isEqualTo("tests");
  }

  @Test
  void takenNamesAreAvoided() {
    OnnxModel model =
        Models.opset(13)
            .input("x", "n", 6)
            .weight("w", 6, 6)
            .weight("w_scale", 6)
            .node("MatMul", "x w", "h")
            .node("Add", "h w_scale", "x_scale")
            .output("x_scale")
            .build();
    OnnxModel quantized = quantized(model);
    assertThat(initializers(quantized)).contains("w_scale", "w_scale_1", "x_scale_1");
    assertNear(model, quantized, Map.of("x", ROWS));
  }

  @Test
  void biasOfTwoNodesIsStoredForEach() {
    OnnxModel model =
        Models.opset(13)
            .input("x", "n", 6)
            .weight("w1", 6, 6)
            .weight("w2", 6, 6)
            .weight("b", 6)
            .node("Gemm", "x w1 b", "h")
            .node("Gemm", "h w2 b", "y")
            .output("y")
            .build();
    OnnxModel quantized = quantized(model);
    assertThat(initializers(quantized))
        .contains("b_quantized", "b_quantized_1")
        .doesNotContain("b");
    assertThat(node(quantized, "Gemm#1").getInput(2)).isEqualTo("b_DequantizeLinear_Output_1");
    assertNear(model, quantized, Map.of("x", ROWS));
  }

  @Test
  void nodesWithoutNamesKeepTheirGivenOnes() {
    for (int opset : List.of(11, 13)) {
      OnnxModel model =
          Models.opset(opset)
              .input("x", "n", 6)
              .weight("w", 6, 6)
              .node("MatMul", "x w", "h")
              .node("Relu", "h", "y")
              .output("y")
              .build();
      assertThat(quantized(model).nodeNames())
          .containsExactly(
              "x_QuantizeLinear", "x_DequantizeLinear", "w_DequantizeLinear", "MatMul#0", "Relu#1")
          .containsAll(model.nodeNames());
    }
  }

  @Test
  void sameInputGivesSameBytes() {
    byte[] once = quantized(SmallModels.cnn().build()).toByteArray();
    assertThat(quantized(SmallModels.cnn().build()).toByteArray()).isEqualTo(once);
  }

  @Test
  void weightListedAsInputLosesItsInput() {
    Models models = SmallModels.mlp();
    models.input("w1", 6, 8);
    OnnxModel model = models.build();
    OnnxModel quantized = quantized(model);
    assertThat(quantized.graph().getInputList()).extracting("name").containsExactly("x");
    assertNear(model, quantized, Map.of("x", ROWS));
  }

  @Test
  void opset11ModelIsRaised() {
    Models models = capturing(11);
    OnnxModel quantized = quantized(models.build());
    assertThat(quantized.opset()).isEqualTo(13);
    assertNear(
        models.build(),
        quantized,
        Map.of("x", ROWS, "flag", Tensor.of(DType.BOOL, Shape.of(1), ByteBuffer.allocate(1))));
  }

  @Test
  void contradictionsAreNamed() {
    OnnxModel model = SmallModels.mlp().build();
    assertThatIllegalArgumentException()
        .isThrownBy(() -> rewrite(model, Plans.of(Plans.activation("x", List.of("fourth")))))
        .withMessage("Cannot quantize activation 'x': the model has no node 'fourth'");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> rewrite(model, Plans.of(Plans.activation("x", List.of("third")))))
        .withMessage("Cannot quantize activation 'x': node 'third' does not read it");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> rewrite(model, Plans.of(Plans.activation("z", List.of("third")))))
        .withMessage("Cannot quantize activation 'z': the model computes no such tensor");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> rewrite(model, Plans.of(weight(Shape.of(8, 6), 1, 1f))))
        .withMessage("Cannot quantize weight 'w1': shape [8, 6] vs [6, 8]");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> rewrite(model, Plans.of(weight(Shape.of(6, 8), 1, 1f))))
        .withMessage("Cannot quantize weight 'w1': 1 channels vs 8");
    assertThatIllegalArgumentException()
        .isThrownBy(
            () -> QdqRewriter.rewrite(model, Plans.everything(model), t -> ByteBuffer.allocate(3)))
        .withMessage("Cannot quantize weight 'w1': 3 bytes instead of 48");
  }

  private static TensorPlan weight(Shape shape, int axis, float... scales) {
    return Plans.plan(
        "w1",
        Role.WEIGHT,
        List.of("first"),
        Optional.of(shape),
        QuantType.INT8,
        OptionalInt.of(axis),
        0,
        scales);
  }
}
