package dev.tare.engine.plan;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.entry;

import dev.tare.engine.graph.ModelGraph;
import dev.tare.engine.graph.QuantizableNode;
import dev.tare.engine.onnx.view.OnnxNodes;
import dev.tare.engine.recipe.Format;
import dev.tare.engine.recipe.Recipes;
import dev.tare.engine.recipe.Role;
import dev.tare.engine.recipe.TensorQuery;
import dev.tare.engine.target.OnnxRuntimeTarget;
import dev.tare.engine.tensor.Shape;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class CandidatesTest {

  private static QuantizableNode node(String name, String opType, String input, String weight) {
    return OnnxNodes.node(name, opType, input, 0, weight, 1, Shape.of(2, 2), 1, Optional.empty());
  }

  private static final QuantizableNode FIRST = node("first", "MatMul", "x", "w");
  private static final QuantizableNode SECOND = node("second", "MatMul", "x", "v");
  private static final QuantizableNode THIRD = node("third", "Gemm", "y", "w");
  private static final QuantizableNode CONV = node("image", "Conv", "z", "k");
  private static final ModelGraph MODEL = Recipes.source(List.of(FIRST, SECOND, THIRD, CONV));

  @Test
  void operatorsOutsideTheRecipeAreLeftWithTheReason() {
    Candidates candidates = Candidates.of(OnnxRuntimeTarget.INSTANCE, Recipes.int8(), MODEL);
    assertThat(candidates.nodes()).containsExactly(FIRST, SECOND, THIRD);
    assertThat(candidates.leftFloat())
        .containsExactly(entry(CONV, "the recipe does not quantize Conv"));
  }

  @Test
  void patternExcludesByNodeInputOrWeight() {
    assertThat(
            Candidates.of(OnnxRuntimeTarget.INSTANCE, Recipes.int8("exclude = [\"sec*\"]"), MODEL)
                .leftFloat())
        .containsEntry(SECOND, "the recipe excludes 'sec*' (exclude)");
    assertThat(
            Candidates.of(OnnxRuntimeTarget.INSTANCE, Recipes.int8("exclude = [x]"), MODEL).nodes())
        .containsExactly(THIRD);
    assertThat(
            Candidates.of(OnnxRuntimeTarget.INSTANCE, Recipes.int8("exclude = [w]"), MODEL).nodes())
        .containsExactly(SECOND);
  }

  @Test
  void weightsOfFloat16AreForTargetsThatReadThem() {
    assertThat(
            Candidates.of(
                    OnnxRuntimeTarget.INSTANCE,
                    Recipes.int8(
                        "mode = weight-only",
                        "weights { type = float16, granularity = per-tensor }"),
                    MODEL)
                .leftFloat())
        .containsEntry(FIRST, "numbers of float16 are not written for ONNX Runtime");
  }

  @Test
  void nodesAreFoundByWhatTheyShare() {
    Candidates candidates = Candidates.of(OnnxRuntimeTarget.INSTANCE, Recipes.int8(), MODEL);
    assertThat(candidates.activations())
        .containsExactly(
            entry(
                "x", TensorQuery.ofActivation("x", List.of("first", "second"), List.of("MatMul"))),
            entry("y", TensorQuery.ofActivation("y", List.of("third"), List.of("Gemm"))));
    assertThat(candidates.weights())
        .containsExactly(
            entry("v", weight("v", List.of("second"), "MatMul")),
            entry("w", weight("w", List.of("first", "third"), "Gemm", "MatMul")));
  }

  private static TensorQuery weight(String name, List<String> consumers, String... operators) {
    return new TensorQuery(name, Role.WEIGHT, consumers, List.of(operators), Format.QDQ, 1, 0);
  }
}
