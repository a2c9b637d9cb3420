package dev.tare.engine.plan;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tare.engine.graph.QuantizableNode;
import dev.tare.engine.onnx.view.OnnxNodes;
import dev.tare.engine.quant.Granularity;
import dev.tare.engine.quant.QuantParams;
import dev.tare.engine.quant.QuantType;
import dev.tare.engine.range.Range;
import dev.tare.engine.recipe.Format;
import dev.tare.engine.recipe.Recipe;
import dev.tare.engine.recipe.Recipes;
import dev.tare.engine.recipe.Role;
import dev.tare.engine.recipe.TensorQuery;
import dev.tare.engine.target.OnnxRuntimeTarget;
import dev.tare.engine.tensor.Shape;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class LeftFloatTest {

  private static QuantizableNode node(String name, String input, String weight) {
    return OnnxNodes.node(name, "MatMul", input, 0, weight, 1, Shape.of(2, 3), 1, Optional.empty());
  }

  @Test
  void tensorsOfExcludedNodesAloneAreListedWithTheReason() {
    List<QuantizableNode> all =
        List.of(node("a", "x", "w"), node("b", "x", "v"), node("c", "y", "v"));
    Recipe recipe = Recipes.int8("exclude = [v]");
    Candidates candidates = Candidates.of(OnnxRuntimeTarget.INSTANCE, recipe, Recipes.source(all));
    TensorPlan planned =
        LeftFloat.of(
                recipe,
                Candidates.of(
                    OnnxRuntimeTarget.INSTANCE, Recipes.int8("exclude = [a]"), Recipes.source(all)),
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
  void reasonIsKeptWhereOthersReadTheWeightQuantized() {
    List<QuantizableNode> all = List.of(node("a", "x", "w"), node("b", "y", "w"));
    Recipe recipe = Recipes.int8("exclude = [b]");
    TensorPlan quantized =
        TensorPlan.of(
            new TensorQuery("w", Role.WEIGHT, List.of("a"), List.of(), Format.QDQ, -1, -1),
            Optional.of(Shape.of(2, 3)),
            recipe.decide(
                new TensorQuery("w", Role.WEIGHT, List.of("a"), List.of(), Format.QDQ, -1, -1)),
            Granularity.perTensor(),
            ScaleColumns.of(
                new ChannelPlan(new Range(-1, 1), new QuantParams(QuantType.INT8, 1, 0), 0, 40)));
    Candidates candidates = Candidates.of(OnnxRuntimeTarget.INSTANCE, recipe, Recipes.source(all));
    assertThat(LeftFloat.of(recipe, candidates, List.of(quantized)))
        .filteredOn(plan -> plan.tensor().equals("w"))
        .singleElement()
        .satisfies(
            plan -> {
              assertThat(plan.consumers()).containsExactly("b");
              assertThat(plan.floatReason()).contains("the recipe excludes 'b' (exclude)");
            });
    assertThat(LeftFloat.of(recipe, candidates, List.of(quantized.left("it is odd"))))
        .extracting(TensorPlan::tensor)
        .doesNotContain("w");
  }

  @Test
  void nothingIsLeftWhereTheRecipeTakesAll() {
    List<QuantizableNode> all = List.of(node("a", "x", "w"));
    Recipe recipe = Recipes.int8();
    assertThat(
            LeftFloat.of(
                recipe,
                Candidates.of(OnnxRuntimeTarget.INSTANCE, recipe, Recipes.source(all)),
                List.of()))
        .isEmpty();
  }
}
