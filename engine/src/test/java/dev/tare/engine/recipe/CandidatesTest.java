package dev.tare.engine.recipe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.entry;

import dev.tare.engine.tensor.Shape;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class CandidatesTest {

  private static QuantizableNode node(String name, String opType, String input, String weight) {
    return new QuantizableNode(
        name, opType, input, 0, weight, 1, Shape.of(2, 2), 1, Optional.empty());
  }

  private static final QuantizableNode FIRST = node("first", "MatMul", "x", "w");
  private static final QuantizableNode SECOND = node("second", "MatMul", "x", "v");
  private static final QuantizableNode THIRD = node("third", "Gemm", "y", "w");
  private static final QuantizableNode CONV = node("image", "Conv", "z", "k");
  private static final List<QuantizableNode> ALL = List.of(FIRST, SECOND, THIRD, CONV);

  @Test
  void operatorsOutsideTheRecipeAreLeftWithTheReason() {
    Candidates candidates = Candidates.of(Recipes.int8(), ALL);
    assertThat(candidates.nodes()).containsExactly(FIRST, SECOND, THIRD);
    assertThat(candidates.leftFloat())
        .containsExactly(entry("image", "the recipe does not quantize Conv"));
  }

  @Test
  void patternExcludesByNodeInputOrWeight() {
    assertThat(Candidates.of(Recipes.int8("exclude = [\"sec*\"]"), ALL).leftFloat())
        .containsEntry("second", "the recipe excludes 'sec*'");
    assertThat(Candidates.of(Recipes.int8("exclude = [x]"), ALL).nodes()).containsExactly(THIRD);
    assertThat(Candidates.of(Recipes.int8("exclude = [w]"), ALL).nodes()).containsExactly(SECOND);
  }

  @Test
  void nodesAreFoundByWhatTheyShare() {
    Candidates candidates = Candidates.of(Recipes.int8(), ALL);
    assertThat(candidates.byActivation())
        .containsExactly(entry("x", List.of(FIRST, SECOND)), entry("y", List.of(THIRD)));
    assertThat(candidates.byWeight())
        .containsExactly(entry("v", List.of(SECOND)), entry("w", List.of(FIRST, THIRD)));
  }
}
