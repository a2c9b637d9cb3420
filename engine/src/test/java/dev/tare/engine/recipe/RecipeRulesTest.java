package dev.tare.engine.recipe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tare.engine.graph.ModelGraph;
import dev.tare.engine.graph.QuantizableNode;
import dev.tare.engine.onnx.view.OnnxNodes;
import dev.tare.engine.plan.Candidates;
import dev.tare.engine.quant.QuantType;
import dev.tare.engine.target.OnnxRuntimeTarget;
import dev.tare.engine.tensor.Shape;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RecipeRulesTest {

  private static final String WEIGHT_ONLY =
      """
      format-version = 1
      description = "For tests"
      mode = weight-only
      operators = [MatMul, Conv, Gather]
      weights {
        type = int4, symmetric = true, narrow-range = false, reduce-range = false
        granularity = per-block, block-size = 32, method = min-max
      }
      float-above = 1e30
      """;

  private static QuantizableNode node(String name, String opType, String input, String weight) {
    return OnnxNodes.node(name, opType, input, 0, weight, 1, Shape.of(64, 2), 1, Optional.empty());
  }

  private static final QuantizableNode DENSE = node("/layer.1/dense", "MatMul", "x", "w");
  private static final QuantizableNode HEAD = node("/head/dense", "MatMul", "y", "v");
  private static final QuantizableNode IMAGE = node("/image", "Conv", "z", "k");
  private static final QuantizableNode DEPTHWISE =
      OnnxNodes.node(
          "/depthwise", "Conv", "a", 0, "d", 1, Shape.of(8, 1, 3, 3), 0, Optional.empty(), 8);
  private static final ModelGraph MODEL = Recipes.source(List.of(DENSE, HEAD, IMAGE));

  private static TensorQuery input(QuantizableNode node) {
    return TensorQuery.ofActivation(node.input(), List.of(node.node()), List.of(node.opType()));
  }

  @Test
  void lastRuleThatMatchesDecidesAndIsNamed() {
    Recipe recipe =
        Recipes.int8(
            "rules = [",
            "{ operators = [MatMul], role = activation, type = uint16 }",
            "{ tensors = \"/layer.1/*\", role = activation, type = int8, symmetric = true }",
            "{ tensors = \"/layer.1/*\", role = weight, type = int4 }",
            "]");
    Recipe.Decision dense = recipe.decide(input(DENSE));
    assertThat(dense.decidedBy()).isEqualTo("rule 2");
    assertThat(dense.rule().type()).isEqualTo(QuantType.INT8);
    assertThat(dense.rule().symmetric()).isTrue();
    Recipe.Decision head = recipe.decide(input(HEAD));
    assertThat(head.decidedBy()).isEqualTo("rule 1");
    assertThat(head.rule().type()).isEqualTo(QuantType.UINT16);
    assertThat(head.rule().symmetric()).isFalse();
    assertThat(recipe.decide(input(IMAGE)).decidedBy()).isEqualTo("recipe");
    TensorQuery weight =
        Candidates.of(OnnxRuntimeTarget.INSTANCE, recipe, MODEL).weights().get("w");
    assertThat(recipe.decide(weight).decidedBy()).isEqualTo("rule 3");
  }

  @Test
  void operatorsMayLeaveOrJoinByRule() {
    Recipe recipe =
        Recipes.int8(
            "rules = [",
            "{ operators = [MatMul], quantize = false }",
            "{ tensors = \"/head/*\", quantize = true }",
            "{ operators = [Conv], quantize = true }",
            "]");
    Candidates candidates = Candidates.of(OnnxRuntimeTarget.INSTANCE, recipe, MODEL);
    assertThat(candidates.nodes()).containsExactly(HEAD, IMAGE);
    assertThat(candidates.leftFloat()).containsEntry(DENSE, "the recipe excludes (rule 1)");
  }

  @Test
  void depthwiseConvolutionsHaveATypeOfTheirOwnInRules() {
    Recipe recipe =
        Recipes.int8(
            "operators = [Conv]",
            "rules = [",
            "{ operators = [Conv], role = weight, type = int4, narrow-range = false }",
            "{ operators = [DepthwiseConv], mode = weight-only }",
            "{ operators = [DepthwiseConv], role = weight, type = int8 }",
            "]");
    Candidates candidates =
        Candidates.of(
            OnnxRuntimeTarget.INSTANCE, recipe, Recipes.source(List.of(DENSE, IMAGE, DEPTHWISE)));
    assertThat(candidates.chosen())
        .containsExactly(
            new Candidates.Candidate(IMAGE, Mode.STATIC, Format.QDQ),
            new Candidates.Candidate(DEPTHWISE, Mode.WEIGHT_ONLY, Format.QDQ));
    assertThat(candidates.activations()).containsOnlyKeys("z");
    assertThat(recipe.decide(candidates.weights().get("k")).decidedBy()).isEqualTo("rule 1");
    assertThat(recipe.decide(candidates.weights().get("d")).decidedBy()).isEqualTo("rule 3");
  }

  @Test
  void depthwiseConvolutionsMayStayFloat() {
    Recipe recipe =
        Recipes.int8(
            "operators = [Conv]", "rules = [{ operators = [DepthwiseConv], quantize = false }]");
    Candidates candidates =
        Candidates.of(
            OnnxRuntimeTarget.INSTANCE, recipe, Recipes.source(List.of(IMAGE, DEPTHWISE)));
    assertThat(candidates.nodes()).containsExactly(IMAGE);
    assertThat(candidates.leftFloat())
        .containsExactly(Map.entry(DEPTHWISE, "the recipe excludes (rule 1)"));
  }

  @Test
  void modeMayDifferByRule() {
    Recipe recipe =
        Recipes.int8(
            "rules = [",
            "{ tensors = \"/head/*\", mode = weight-only }",
            "{ tensors = w, mode = dynamic }",
            "]");
    Candidates candidates = Candidates.of(OnnxRuntimeTarget.INSTANCE, recipe, MODEL);
    assertThat(candidates.chosen())
        .containsExactly(
            new Candidates.Candidate(DENSE, Mode.DYNAMIC, Format.DYNAMIC),
            new Candidates.Candidate(HEAD, Mode.WEIGHT_ONLY, Format.QDQ));
    assertThat(candidates.activations()).isEmpty();
    assertThat(candidates.weights().get("w").format()).isEqualTo(Format.DYNAMIC);
  }

  @Test
  void weightOnlyNeedsNoActivations() {
    Recipe recipe = Recipes.parse(WEIGHT_ONLY);
    assertThat(recipe.usesStatistics()).isFalse();
    assertThat(recipe.activations()).isEmpty();
    assertThat(recipe.weights().blockSize()).isEqualTo(OptionalInt.of(32));
    Candidates candidates = Candidates.of(OnnxRuntimeTarget.INSTANCE, recipe, MODEL);
    assertThat(candidates.activations()).isEmpty();
    assertThat(candidates.weights().get("w").blockAxis()).isZero();
    assertThat(candidates.weights().get("k").blockAxis()).isEqualTo(1);
  }

  @Test
  void weightsThatTheOperatorTakesArePacked() {
    Recipe recipe = Recipes.parse(WEIGHT_ONLY + "format = matmul-nbits");
    assertThat(Candidates.of(OnnxRuntimeTarget.INSTANCE, recipe, MODEL).weights().get("w").format())
        .isEqualTo(Format.MATMUL_NBITS);
    assertThat(Candidates.of(OnnxRuntimeTarget.INSTANCE, recipe, MODEL).weights().get("k").format())
        .isEqualTo(Format.QDQ);
    Recipe rule =
        Recipes.parse(
            WEIGHT_ONLY
                + "format = matmul-nbits, rules = [{tensors = w, role = weight,"
                + " granularity = per-channel}]");
    assertThat(Candidates.of(OnnxRuntimeTarget.INSTANCE, rule, MODEL).weights().get("w").format())
        .isEqualTo(Format.QDQ);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "rules = [{ tensors = a }]                         | it decides nothing; give quantize,"
            + " mode",
        "rules = [{ tensors = a, type = int8 }]            | a setting of tensors needs role",
        "rules = [{ role = weight, mode = dynamic }]       | decided for whole operators",
        "rules = [{ role = bias, type = int8 }]            | expected activation or weight",
        "rules = [{ operators = [Add], quantize = true }]  | cannot quantize 'Add'",
        "operators = [DepthwiseConv]                       | cannot quantize 'DepthwiseConv'",
        "rules = [{ node = a, quantize = true }]           | Unknown key 'rules.node'",
        "rules = [{ tensors = \"\", quantize = true }]     | Invalid name pattern: empty",
        "rules = [{ role = weight, type = uint8 }]         | an unsigned type has no narrow range",
        "mode = static8                                    | expected static or dynamic or",
        "activations.granularity = per-block, activations.block-size = 8 | have no blocks",
        "weights.granularity = per-block                   | setting found for key 'block-size'",
        "weights.granularity = per-block, weights.block-size = 0 | expected a positive number",
        "mode = dynamic, weights.type = int4               | mode dynamic needs 8-bit weights",
        "weights.reduce-range = true, weights.type = int4  | only integers of 8 bits",
        "mode = weight-only, format = matmul-nbits         | MatMulNBits needs 4 or 8 bits per"
            + " block",
        "mode = dynamic, weights.type = float8e5m2         | numbers of float8 take no mode"
            + " dynamic",
        "activations { type = float8e4m3fn, symmetric = true }, bias-correction = on | float8 take"
            + " no",
        "weights { type = float8e4m3fn, symmetric = false } | has no zero point",
        "mode = weight-only, weights.type = nf4            | types nf4 and fp4 need format"
            + " matmul-bnb4",
        "mode = weight-only, weights.type = codebook4      | need format gather",
        "mode = weight-only, format = gather               | format gather needs type codebook4",
        "weights { type = codebook4, granularity = per-block, block-size = 8 } | not for a block",
        "format = matmul-bnb4                              | matmul-bnb4 needs mode weight-only",
        "mode = weight-only, format = matmul-bnb4          | MatMulBnb4 needs type nf4 or fp4",
        "mode = weight-only, format = matmul-bnb4, weights.type = fp4, weights.symmetric = false |"
            + " has no zero point",
        "mode = weight-only, format = matmul-bnb4, weights.type = fp4, weights.method = entropy |"
            + " needs min-max, mse or a"
      })
  void contradictionsAreRefused(String change, String message) {
    assertThatThrownBy(() -> Recipes.int8(change))
        .isInstanceOf(RecipeException.class)
        .hasMessageContaining(message);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "Gather | weight-only | type = int4                  | need 8 bits and no blocks",
        "Gather | weight-only | granularity = per-block, block-size = 32 | need 8 bits and no"
            + " blocks",
        "Gather | weight-only | type = float8e4m3fn, narrow-range = false | need integers",
        "Gather | weight-only | symmetric = false            | need zero point 0",
        "Gather | weight-only | type = uint8, narrow-range = false | need zero point 0",
        "Conv   | dynamic     | symmetric = false            | takes a single zero point",
        "Conv   | dynamic     | type = int4                  | need weights of 8 bits",
        "MatMul | dynamic     | type = int16                 | need weights of 8 bits",
        "ConvTranspose | dynamic | method = mse              | no integer ConvTranspose"
      })
  void whatNoOperatorCanHoldStaysFloatFromTheStart(
      String operator, String mode, String settings, String reason) {
    QuantizableNode node = node("n", operator, operator.equals("Gather") ? "" : "x", "w");
    Recipe recipe =
        Recipes.int8(
            "operators = [MatMul, Conv, ConvTranspose, Gather]",
            "mode = " + mode,
            "rules = [{ operators = [" + operator + "], role = weight, " + settings + " }]");
    Candidates candidates =
        Candidates.of(OnnxRuntimeTarget.INSTANCE, recipe, Recipes.source(List.of(node)));
    assertThat(candidates.chosen()).isEmpty();
    assertThat(candidates.leftFloat().get(node)).contains(reason);
  }

  @Test
  void staticNeedsActivations() {
    assertThatThrownBy(
            () -> Recipes.parse(WEIGHT_ONLY + "rules = [{ operators = [MatMul], mode = static }]"))
        .isInstanceOf(RecipeException.class)
        .hasMessage("Invalid recipe 'test': mode static needs 'activations'");
  }
}
