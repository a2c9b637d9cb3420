package dev.tare.engine.pass;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import ai.onnxruntime.OrtSession.SessionOptions.OptLevel;
import dev.tare.engine.onnx.OnnxModel;
import dev.tare.engine.onnx.Reference;
import dev.tare.engine.onnx.proto.NodeProto;
import dev.tare.engine.onnx.proto.TensorProto;
import dev.tare.engine.onnx.view.OnnxGraph;
import dev.tare.engine.onnx.write.SmoothedModel;
import dev.tare.engine.plan.Candidates;
import dev.tare.engine.plan.SmoothedInput;
import dev.tare.engine.quant.QuantError;
import dev.tare.engine.recipe.Recipe;
import dev.tare.engine.recipe.Recipes;
import dev.tare.engine.target.OnnxRuntimeTarget;
import dev.tare.engine.tensor.Shape;
import dev.tare.engine.tensor.Tensor;
import dev.tare.testkit.Encoders;
import dev.tare.testkit.Models;
import dev.tare.testkit.SmallModels;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Factors and offsets of smoothing in constants of what computes an input. */
class FoldedSmoothingTest {

  private static final List<String> ATTENTION =
      List.of("join", "back", "mix", "v_first", "v_parts");
  private static final Shape X = Shape.of(3, 5, 8);

  private static Map<String, Smoothing.Group> groups(OnnxModel model, String... changes) {
    Recipe recipe = Recipes.int8(changes);
    OnnxGraph graph = OnnxGraph.of(model);
    return Smoothing.groups(
        Candidates.of(OnnxRuntimeTarget.INSTANCE, recipe, graph), graph, recipe);
  }

  private static List<String> context(String... rest) {
    List<String> way = new ArrayList<>(ATTENTION);
    way.addAll(List.of(rest));
    return way;
  }

  /** Uneven factors for each input, and offsets where asked for. */
  private static List<SmoothedInput> inputs(OnnxModel model, boolean shift, String... changes) {
    Random random = new Random(9);
    List<SmoothedInput> inputs = new ArrayList<>();
    groups(model, changes)
        .forEach(
            (tensor, group) -> {
              List<Float> factors = new ArrayList<>();
              List<Float> offsets = new ArrayList<>();
              for (int j = 0; j < group.channels(); j++) {
                factors.add((float) Math.exp(1.5 * random.nextGaussian()));
                offsets.add((float) random.nextGaussian());
              }
              inputs.add(shift ? group.shifted(.8, factors, offsets) : group.scaled(.8, factors));
            });
    return inputs;
  }

  private static void assertSame(OnnxModel model, OnnxModel changed) {
    assertSame(model, changed, Reference.gaussian(3, X.toArray()));
  }

  private static void assertSame(OnnxModel model, OnnxModel changed, Tensor x) {
    for (OptLevel level : List.of(OptLevel.NO_OPT, OptLevel.ALL_OPT)) {
      Tensor expected = Reference.run(model, Map.of("x", x), level).get("y");
      Tensor actual = Reference.run(changed, Map.of("x", x), level).get("y");
      assertThat(QuantError.between(expected.floats(), actual.floats()).sqnrDb())
          .as("%s", level)
          .isGreaterThan(100);
    }
  }

  private static int nodes(OnnxModel model) {
    return model.operatorCounts().values().stream().mapToInt(Integer::intValue).sum();
  }

  @ParameterizedTest
  @CsvSource({"true, n1_norm, n2_norm", "false, n1_add n1_mul, n2_add n2_mul"})
  void normalizationThatOnlyProductsReadTakesFactors(boolean fused, String first, String second) {
    Map<String, Smoothing.Group> groups = groups(Encoders.normalizingBefore(fused, "Relu").build());
    assertThat(groups.keySet()).containsExactly("context", "h", "n1", "n2");
    assertThat(groups.get("n1").through()).containsExactly(first.split(" "));
    assertThat(groups.get("n2").through()).containsExactly(second.split(" "));
    assertThat(groups.get("context").through()).isEqualTo(context("v_add", "v"));
    assertThat(groups.get("h").through()).containsExactly("bend", "up_add", "up");
    assertThat(groups.values())
        .filteredOn(Smoothing.Group::shifts)
        .extracting(Smoothing.Group::tensor)
        .containsExactlyInAnyOrder("n1", "n2", "context");
  }

  @ParameterizedTest
  @CsvSource({"true, false", "false, false", "true, true", "false, true"})
  void noNodeIsAddedAndTheModelComputesTheSame(boolean fused, boolean shift) {
    OnnxModel model = Encoders.normalizingBefore(fused, "Relu").build();
    String rule = "smoothing { alpha = 0.8, shift = %b }".formatted(shift);
    List<SmoothedInput> inputs = inputs(model, shift, rule);
    OnnxModel folded = SmoothedModel.of(model, inputs);
    assertSame(model, folded);
    // Behind Relu offsets need an Add, and with it the factors a Mul.
    assertThat(nodes(folded)).isEqualTo(nodes(model) + (shift ? 2 : 0));
    assertThat(folded.toByteArray()).isEqualTo(SmoothedModel.of(model, inputs).toByteArray());
    assertThat(OnnxGraph.of(folded).nodes())
        .extracting(node -> node.input())
        .containsExactly(
            "n1_smoothed",
            "n1_smoothed",
            "n1_smoothed",
            "context_smoothed",
            "n2_smoothed",
            "h_smoothed");
  }

  /** The residual edge reads what is normalized, and GELU is not linear. */
  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void valuesAloneTakeFactorsBehindSums(boolean shift) {
    OnnxModel model = Encoders.normalizingBehind(true, "Gelu").build();
    Map<String, Smoothing.Group> groups = groups(model);
    assertThat(groups.get("context").through()).isEqualTo(context("v_add", "v"));
    for (String tensor : List.of("x", "n1", "h")) {
      assertThat(groups.get(tensor).through()).as(tensor).isEmpty();
    }
    OnnxModel folded = SmoothedModel.of(model, inputs(model, shift));
    assertSame(model, folded);
    int each = shift ? 2 : 1;
    assertThat(nodes(folded)).isEqualTo(nodes(model) + 3 * each);
    OnnxModel apart =
        SmoothedModel.of(model, inputs(model, shift, "smoothing { alpha = 0.8, fold = off }"));
    assertSame(model, apart);
    assertThat(nodes(apart)).isEqualTo(nodes(model) + 4 * each);
  }

  @Test
  void columnsThatShareAScaleTakeNoFactors() {
    OnnxModel model = Encoders.normalizingBefore(true, "Relu").build();
    Map<String, Smoothing.Group> groups = groups(model, "weights.granularity = per-tensor");
    assertThat(groups.get("context").through()).isEmpty();
    assertThat(groups.get("h").through()).isEmpty();
    assertThat(groups.get("n1").through()).containsExactly("n1_norm");
    // A weight that stays float has no scale at all.
    assertThat(
            groups(model, "weights.granularity = per-tensor", "exclude = [up]").get("h").through())
        .containsExactly("bend", "up_add", "up");
    assertThat(groups(model, "exclude = [q]").get("n1").through()).isEmpty();
  }

  @Test
  void weightsThatDoNotAddUpToOneLetNoOffsetsThrough() {
    Models models = Encoders.normalizingBefore(true, "Relu");
    for (int i = 0; i < models.graph.getNodeCount(); i++) {
      if (models.graph.getNode(i).getOpType().equals("Softmax")) {
        models.graph.getNodeBuilder(i).setOpType("HardSigmoid").clearAttribute();
      }
    }
    OnnxModel model = models.build();
    assertThat(groups(model).get("context").through()).isEqualTo(context("v_add", "v"));
    assertThat(groups(model).get("context").shifts()).isFalse();
    assertSame(model, SmoothedModel.of(model, inputs(model, true)));
    assertSame(model, SmoothedModel.of(model, inputs(model, false)));
  }

  /** The heads are not the last but one axis, or their number is not known. */
  @ParameterizedTest
  @ValueSource(strings = {"perm", "parts", "read"})
  void otherFormsOfAttentionTakeNoFactors(String change) {
    Models models = Encoders.normalizingBefore(true, "Relu");
    for (int i = 0; i < models.graph.getNodeCount(); i++) {
      switch (change + " " + models.graph.getNode(i).getName()) {
        case "perm v_first", "perm back" ->
            models
                .graph
                .getNodeBuilder(i)
                .clearAttribute()
                .addAttribute(Models.ints("perm", 0L, 3L, 1L, 2L));
        case "parts v_parts" -> models.graph.getNodeBuilder(i).setInput(1, "v_unknown");
        default -> {}
      }
    }
    if (change.equals("parts")) {
      models.input("v_unknown", TensorProto.DataType.INT64, 4);
    }
    if (change.equals("read")) {
      models.output("mixed");
    }
    assertThat(groups(models.build()).get("context").through()).isEmpty();
  }

  /** As a gated dense part has it: one side of a product is linear in a matrix. */
  @Test
  void oneSideOfAMulTakesFactors() {
    OnnxModel model =
        Models.exported(13)
            .input("x", 3, 5, 8)
            .weight("g", 8, 6)
            .weight("u", 8, 6)
            .weight("d", 6, 8)
            .node("MatMul", "gate", List.of("x", "g"), "a")
            .node("Sigmoid", "a", "s")
            .node("Mul", "silu", List.of("a", "s"), "b")
            .node("MatMul", "up", List.of("x", "u"), "c")
            .node("Mul", "gated", List.of("b", "c"), "e")
            .node("MatMul", "down", List.of("e", "d"), "y")
            .output("y")
            .build();
    assertThat(groups(model).get("e").through()).containsExactly("gated", "up");
    assertSame(model, SmoothedModel.of(model, inputs(model, false)));
    // Offsets of x would add to the results of 'up', which has no bias to take them from.
    String shifted = "smoothing { alpha = 0.8, shift = on }";
    assertThat(groups(model, shifted).get("e").through()).isEmpty();
    assertSame(model, SmoothedModel.of(model, inputs(model, true, shifted)));
  }

  @Test
  void biasOfAGemmAndAScaleWithoutBiasTakeThem() {
    OnnxModel model =
        Models.exported(17)
            .input("x", 15, 8)
            .weight("w", 6, 8)
            .weight("b", 6)
            .weight("v", 6, 6)
            .weight("s", 6)
            .weight("t", 6, 4)
            .node(
                "Gemm",
                "first",
                List.of("x", "w", "b"),
                "h",
                Models.integer("transB", 1),
                Models.number("alpha", .5f))
            .node("LeakyRelu", "bend", List.of("h"), "r")
            .node("MatMul", "second", List.of("r", "v"), "m")
            .node("LayerNormalization", "norm", List.of("m", "s"), "n")
            .node("MatMul", "third", List.of("n", "t"), "y")
            .output("y")
            .build();
    assertThat(groups(model).get("r").through()).containsExactly("bend", "first");
    assertThat(groups(model).get("n").through()).containsExactly("norm");
    Tensor x = Reference.gaussian(3, 15, 8);
    for (boolean shift : List.of(true, false)) {
      OnnxModel folded = SmoothedModel.of(model, inputs(model, shift));
      Tensor expected = Reference.run(model, Map.of("x", x), OptLevel.NO_OPT).get("y");
      Tensor actual = Reference.run(folded, Map.of("x", x), OptLevel.NO_OPT).get("y");
      assertThat(QuantError.between(expected.floats(), actual.floats()).sqnrDb())
          .isGreaterThan(100);
    }
  }

  /** The Gemm adds to its results what it multiplies, which has to stay as it is. */
  @Test
  void inputThatAProductReadsTwiceGetsAMul() {
    OnnxModel model =
        Models.exported(17)
            .input("x", 15, 8)
            .weight("s", 8)
            .weight("b", 8)
            .weight("w", 8, 8)
            .node("LayerNormalization", "norm", List.of("x", "s", "b"), "n")
            .node("Gemm", "gemm", List.of("n", "w", "n"), "y")
            .output("y")
            .build();
    assertThat(groups(model).keySet()).containsExactly("n");
    assertThat(groups(model).get("n").through()).isEmpty();
    Tensor x = Reference.gaussian(3, 15, 8);
    for (boolean shift : List.of(true, false)) {
      assertSame(model, SmoothedModel.of(model, inputs(model, shift)), x);
    }
    assertRefused(model, "n", "gemm", List.of("norm"), "or one of [gemm] twice");
  }

  /** What offsets of x add to it is taken from the constant that is multiplied by factors of r. */
  @Test
  void constantBehindAGemmWithoutBiasTakesOffsets() {
    OnnxModel model =
        Models.exported(17)
            .input("x", 15, 8)
            .weight("w", 8, 6)
            .weight("b", 6)
            .weight("v", 6, 4)
            .node("Gemm", "first", List.of("x", "w"), "g", Models.number("alpha", .5f))
            .node("Add", "add", List.of("g", "b"), "h")
            .node("Relu", "bend", List.of("h"), "r")
            .node("MatMul", "second", List.of("r", "v"), "y")
            .output("y")
            .build();
    Map<String, Smoothing.Group> groups = groups(model, "smoothing { alpha = 0.8, shift = on }");
    assertThat(groups.get("r").through()).containsExactly("bend", "add", "first");
    OnnxModel folded =
        SmoothedModel.of(
            model,
            List.of(
                groups.get("r").scaled(.8, List.of(.1f, 3f, .7f, 1f, 12f, .5f)),
                groups
                    .get("x")
                    .shifted(
                        .8,
                        List.of(2f, .5f, 1f, 8f, .3f, .11f, 5f, 1f),
                        List.of(.5f, -7f, 2f, 0f, 4f, -.01f, 1f, 3f))));
    assertSame(model, folded, Reference.gaussian(3, 15, 8));
    // A Mul and an Add before the Gemm; none behind it.
    assertThat(folded.operatorCounts()).containsEntry("Mul", 1).containsEntry("Add", 2);
  }

  /** Behind 'first' an Add takes the offsets off again; the Mul of its result has to follow. */
  @ParameterizedTest
  @CsvSource({"p, q, on", "p, q, off", "q, p, on", "q, p, off"})
  void addedNodesStandBehindWhatTheyRead(String before, String behind, String fold) {
    OnnxModel model =
        Models.exported(17)
            .input("x", 3, 5, 8)
            .weight("s", 8)
            .weight("b", 8)
            .weight("w", 8, 8)
            .weight("v", 8, 8)
            .node("LayerNormalization", "norm", List.of("x", "s", "b"), before)
            .node("MatMul", "first", List.of(before, "w"), behind)
            .node("MatMul", "second", List.of(behind, "v"), "y")
            .output("y")
            .build();
    String rule = "smoothing { alpha = 0.8, shift = on, fold = %s }".formatted(fold);
    assertThat(groups(model, rule).get(before).through().isEmpty()).isEqualTo(fold.equals("off"));
    assertThat(groups(model, rule).get(behind).through()).isEmpty();
    OnnxModel changed = SmoothedModel.of(model, inputs(model, true, rule));
    Set<String> known = new HashSet<>(List.of("x"));
    changed.graph().getInitializerList().forEach(weight -> known.add(weight.getName()));
    for (NodeProto node : changed.graph().getNodeList()) {
      assertThat(known).as(node.getName()).containsAll(node.getInputList());
      known.addAll(node.getOutputList());
    }
    assertSame(model, changed);
  }

  @Test
  void waysThatContradictTheModelAreRefused() {
    OnnxModel model = Encoders.normalizingBehind(true, "Relu").build();
    assertRefused(model, "n1", "up", List.of("n1_norm"), "others read 'n1' too");
    assertRefused(model, "context", "out", List.of("join", "back", "mix"), "'join' does not pass");
    OnnxModel layers = SmallModels.exportedMlp().build();
    assertRefused(layers, "r", "second", List.of("bend", "first"), "does not read 'm'");
  }

  private static void assertRefused(
      OnnxModel model, String tensor, String consumer, List<String> way, String message) {
    SmoothedInput input =
        new SmoothedInput(
            tensor,
            SmoothedInput.LAST,
            tensor + "_smoothed",
            List.of(consumer),
            way,
            .8,
            List.of(1f, 2f, 1f, 2f, 1f, 2f, 1f, 2f));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> SmoothedModel.of(model, List.of(input)))
        .withMessageContaining(message);
  }
}
