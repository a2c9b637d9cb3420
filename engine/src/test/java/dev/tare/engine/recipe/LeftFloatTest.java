package dev.tare.engine.recipe;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tare.engine.tensor.Shape;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class LeftFloatTest {

  private static QuantizableNode node(String name, String input, String weight) {
    return new QuantizableNode(
        name, "MatMul", input, 0, weight, 1, Shape.of(2, 3), 1, Optional.empty());
  }

  @Test
  void tensorsOfExcludedNodesAloneAreListedWithTheReason() {
    List<QuantizableNode> all =
        List.of(node("a", "x", "w"), node("b", "x", "v"), node("c", "y", "v"));
    Recipe recipe = Recipes.int8("exclude = [v]");
    Candidates candidates = Candidates.of(recipe, Recipes.source(all));
    TensorPlan planned =
        LeftFloat.of(
                recipe,
                Candidates.of(Recipes.int8("exclude = [a]"), Recipes.source(all)),
                List.of())
            .get(0);

    List<TensorPlan> left = LeftFloat.of(recipe, candidates, List.of(planned));

    assertThat(planned.tensor()).isEqualTo("x");
    assertThat(left).extracting(TensorPlan::tensor).containsExactly("y", "v");
    assertThat(left)
        .allSatisfy(p -> assertThat(p.floatReason()).contains("the recipe excludes 'v' (exclude)"));
    assertThat(left.get(1).consumers()).containsExactly("b", "c");
    assertThat(left.get(1).shape()).contains(Shape.of(2, 3));
  }

  @Test
  void nothingIsLeftWhereTheRecipeTakesAll() {
    List<QuantizableNode> all = List.of(node("a", "x", "w"));
    Recipe recipe = Recipes.int8();
    assertThat(LeftFloat.of(recipe, Candidates.of(recipe, Recipes.source(all)), List.of()))
        .isEmpty();
  }
}
