package dev.tare.engine.onnx.write;

import static org.assertj.core.api.Assertions.assertThat;

import ai.onnxruntime.OrtSession.SessionOptions.OptLevel;
import dev.tare.engine.onnx.Agreement;
import dev.tare.engine.onnx.CapturedModel;
import dev.tare.engine.onnx.OneOperator;
import dev.tare.engine.onnx.OnnxModel;
import dev.tare.engine.onnx.PublishedModels;
import dev.tare.engine.onnx.view.OnnxGraph;
import dev.tare.engine.plan.Candidates;
import dev.tare.engine.plan.QuantPlan;
import dev.tare.engine.quant.QuantParams;
import dev.tare.engine.recipe.Recipe;
import dev.tare.engine.target.OnnxRuntimeTarget;
import dev.tare.engine.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.BiFunction;
import java.util.function.Function;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Every quantized operator of published models, alone in ONNX Runtime, against integers computed
 * here from the same float input.
 *
 * <p>Ranges are of the first input of a model; compared is on the second, some of whose values
 * saturate. Figures are written to {@code target/operators.txt}.
 */
@Tag("slow")
class OperatorSimulationTest {

  /** Float sums of up to 1,536 products, in units of the largest output; 2^-19.4 was found. */
  private static final double FLOAT_SUMS = 0x1p-18;

  /** An input that ONNX Runtime quantizes by itself, to 8 bits for each block: 2^-6.4 was found. */
  private static final double QUANTIZED_INPUT = 0x1p-5;

  private static final String PER_TENSOR_UNSIGNED =
      "weights { type = uint8, symmetric = false, narrow-range = false, granularity = per-tensor }";

  private static final Map<PublishedModels, CapturedModel> CAPTURED =
      new EnumMap<>(PublishedModels.class);
  private static final List<String> FIGURES = new ArrayList<>();

  private static CapturedModel captured(PublishedModels model) {
    return CAPTURED.computeIfAbsent(
        model, m -> new CapturedModel(m.read(), m.inputs().subList(0, 2)));
  }

  @AfterAll
  static void writeFigures() throws IOException {
    CAPTURED.clear();
    Files.write(Path.of("target", "operators.txt"), FIGURES);
  }

  /** What a form of an operator must give and what ONNX Runtime makes of it. */
  private record Check(OneOperator alone, OneOperator operator, Tensor input, Tensor floatOutput) {

    OneOperator withOutput() {
      return alone.withOutput(floatOutput);
    }

    Tensor simulated() {
      return simulated(operator);
    }

    Tensor simulated(OneOperator form) {
      return new OperatorSimulation(form).run(input);
    }

    Tensor withDequantizedWeights() {
      return OneOperator.run(operator.dequantized(), input, OptLevel.NO_OPT);
    }
  }

  /** All operators of a model that a recipe chooses, by type and optimization level. */
  private static Map<String, Agreement> agreements(
      PublishedModels model,
      Recipe recipe,
      String what,
      Function<Check, OneOperator> form,
      BiFunction<String, Check, Tensor> expected) {
    CapturedModel captured = captured(model);
    QuantPlan plan = captured.plan(recipe, 1);
    Map<String, Tensor> values = captured.captured().get(1);
    Map<String, Agreement> agreements = new TreeMap<>();
    for (Candidates.Candidate candidate :
        Candidates.of(OnnxRuntimeTarget.INSTANCE, recipe, OnnxGraph.of(captured.model()))
            .chosen()) {
      String type = candidate.node().opType();
      OneOperator alone = OneOperator.of(captured.model(), plan, candidate.node().node(), values);
      Tensor input = values.get(alone.model().inputs().get(0).name());
      Tensor floatOutput = OneOperator.run(alone.model(), input, OptLevel.NO_OPT);
      Check bare = new Check(alone, alone, input, floatOutput);
      Check check = new Check(alone, form.apply(bare), input, floatOutput);
      Tensor wanted = expected.apply(type, check);
      OnnxModel quantized = check.operator().quantized();
      double step = check.operator().output().map(QuantParams::scale).orElse(1f);
      for (OptLevel level : List.of(OptLevel.NO_OPT, OptLevel.ALL_OPT)) {
        agreements
            .computeIfAbsent(type + " " + level, t -> new Agreement())
            .add(candidate.node().node(), wanted, OneOperator.run(quantized, input, level), step);
      }
    }
    agreements.forEach(
        (type, agreement) ->
            FIGURES.add("%s, %s%s, %s: %s".formatted(model, recipe.name(), what, type, agreement)));
    return agreements;
  }

  private static Map<String, Agreement> againstIntegers(PublishedModels model, Recipe recipe) {
    return agreements(model, recipe, "", Check::alone, (t, c) -> c.simulated());
  }

  private static void assertOperators(PublishedModels model, Map<String, Agreement> agreements) {
    Map<String, Integer> counts = new TreeMap<>();
    agreements.forEach((key, agreement) -> counts.put(key, agreement.operators()));
    Map<String, Integer> expected =
        switch (model) {
          case SENTENCES -> Map.of("MatMul", 36, "Gather", 3);
          case DIRECTION -> Map.of("Conv", 53, "MatMul", 1);
          case RECOGNITION -> Map.of("Conv", 38, "MatMul", 9);
        };
    Map<String, Integer> both = new TreeMap<>();
    expected.forEach(
        (type, count) -> {
          both.put(type + " NO_OPT", count);
          both.put(type + " ALL_OPT", count);
        });
    assertThat(counts).isEqualTo(both);
  }

  private static void assertEqualBits(Map<String, Agreement> agreements, String key) {
    if (agreements.containsKey(key)) {
      assertThat(agreements.get(key).differing()).as(key).isZero();
    }
  }

  @ParameterizedTest
  @CsvSource({
    "SENTENCES, int8, ''",
    "SENTENCES, int8-symmetric, ''",
    "DIRECTION, int8, ''",
    "DIRECTION, int8-symmetric, ''",
    "DIRECTION, int8, unsigned",
    "RECOGNITION, int8, ''",
    "RECOGNITION, int8-symmetric, ''"
  })
  void staticOperatorsGiveTheirIntegers(PublishedModels model, String recipe, String weights) {
    Map<String, Agreement> agreements =
        againstIntegers(
            model, CapturedModel.recipe(recipe, weights.isEmpty() ? "" : PER_TENSOR_UNSIGNED));
    assertOperators(model, agreements);
    // Unoptimized the runtime multiplies dequantized floats; so does Conv with a float output.
    agreements.forEach((key, a) -> assertThat(a.worst()).as(key).isLessThan(FLOAT_SUMS));
    assertEqualBits(agreements, "MatMul ALL_OPT");
    assertEqualBits(agreements, "Gather ALL_OPT");
    assertEqualBits(agreements, "Gather NO_OPT");
  }

  @ParameterizedTest
  @EnumSource(PublishedModels.class)
  void operatorsWithQuantizedOutputGiveTheirCodes(PublishedModels model) {
    Recipe recipe = CapturedModel.recipe("int8", "operators = [MatMul, Conv]");
    Map<String, Agreement> agreements =
        agreements(
            model,
            recipe,
            " with quantized output",
            Check::withOutput,
            (type, check) -> check.simulated());
    assertEqualBits(agreements, "MatMul ALL_OPT");
    assertEqualBits(agreements, "Conv ALL_OPT");
    agreements.forEach(
        (key, a) -> {
          // A sum next to the middle between two codes may become the other one.
          assertThat(a.steps()).as(key).isLessThan(1.001);
          assertThat(a.shareDiffering()).as(key).isLessThan(1e-4);
        });
  }

  @ParameterizedTest
  @EnumSource(
      value = PublishedModels.class,
      names = {"DIRECTION", "RECOGNITION"})
  void floatBiasIsRoundedByTheOptimizerWhereTheOutputIsQuantized(PublishedModels model) {
    Map<String, Agreement> agreements =
        agreements(
            model,
            CapturedModel.recipe("int8", "operators = [Conv]"),
            " with quantized output and float bias, against int32 bias",
            check -> check.withOutput().withFloatBias(),
            (type, check) -> check.simulated(check.withOutput()));
    assertThat(agreements.get("Conv ALL_OPT").shareDiffering()).isLessThan(1e-5);
    assertThat(agreements.get("Conv NO_OPT").shareDiffering()).isGreaterThan(5e-4);
  }

  @ParameterizedTest
  @CsvSource({"SENTENCES, ''", "DIRECTION, ''", "RECOGNITION, ''", "DIRECTION, unsigned"})
  void dynamicOperatorsGiveTheirIntegersToTheBit(PublishedModels model, String weights) {
    Map<String, Agreement> agreements =
        againstIntegers(
            model,
            CapturedModel.recipe("int8-dynamic", weights.isEmpty() ? "" : PER_TENSOR_UNSIGNED));
    assertOperators(model, agreements);
    agreements.keySet().forEach(key -> assertEqualBits(agreements, key));
  }

  @ParameterizedTest
  @CsvSource({
    "SENTENCES, int4-nbits-b32",
    "RECOGNITION, int4-nbits-b32",
    "DIRECTION, int8-nbits-b32"
  })
  void packedProductsComputeWithTheDequantizedWeights(PublishedModels model, String recipe) {
    Map<String, Agreement> agreements = weightsAlone(model, recipe);
    agreements.forEach((key, a) -> assertThat(a.worst()).as(key).isLessThan(FLOAT_SUMS));
    assertThat(agreements).containsKey("MatMul NO_OPT");
  }

  @ParameterizedTest
  @CsvSource({
    "SENTENCES, int4-weights-b32",
    "DIRECTION, int8-weights",
    "RECOGNITION, int8-weights",
    "RECOGNITION, int4-weights-b32"
  })
  void weightOnlyOperatorsComputeWithTheDequantizedWeights(PublishedModels model, String recipe) {
    Map<String, Agreement> agreements = weightsAlone(model, recipe);
    agreements.forEach(
        (key, a) ->
            assertThat(a.worst())
                .as(key)
                .isLessThan(key.equals("MatMul ALL_OPT") ? QUANTIZED_INPUT : FLOAT_SUMS));
    // Optimized it is a MatMulNBits of accuracy level 4, which quantizes its input.
    assertThat(agreements.get("MatMul ALL_OPT").worst()).isGreaterThan(FLOAT_SUMS);
  }

  private static Map<String, Agreement> weightsAlone(PublishedModels model, String recipe) {
    Map<String, Agreement> agreements =
        agreements(
            model,
            CapturedModel.recipe(recipe),
            "",
            Check::alone,
            (type, check) ->
                type.equals("Gather") ? check.simulated() : check.withDequantizedWeights());
    assertOperators(model, agreements);
    return agreements;
  }

  @Test
  void oneWrongCodeOfAWeightIsSeen() {
    CapturedModel captured = captured(PublishedModels.DIRECTION);
    QuantPlan plan = captured.plan(CapturedModel.recipe("int8"), 1);
    Map<String, Tensor> values = captured.captured().get(1);
    OneOperator operator = OneOperator.of(captured.model(), plan, "Conv@26", values);
    Tensor input = values.get(operator.model().inputs().get(0).name());
    Tensor actual = OneOperator.run(operator.quantized(), input, OptLevel.ALL_OPT);
    OperatorSimulation simulation = new OperatorSimulation(operator);
    double right = Agreement.difference(simulation.run(input), actual);
    simulation.weight().values()[0]++;
    double wrong = Agreement.difference(simulation.run(input), actual);
    assertThat(right).isLessThan(FLOAT_SUMS);
    assertThat(wrong).isGreaterThan(100 * FLOAT_SUMS);
  }
}
