package dev.tare.engine.plan;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tare.engine.onnx.view.OnnxGraph;
import dev.tare.engine.recipe.Recipes;
import dev.tare.engine.statistics.Statistics;
import dev.tare.testkit.Models;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

class PartScalesTest {

  /** Three parts side by side, in an input of a product. */
  private static PartScales scales() {
    return PartScales.of(
        OnnxGraph.of(
            Models.opset(13)
                .input("a", "batch", 4)
                .input("b", "batch", 4)
                .input("c", "batch", 4)
                .weight("w", 4, 2)
                .node("Concat", "a b c", "t", Models.integer("axis", 0))
                .node("MatMul", "t w", "y")
                .output("y")
                .build()),
        Set.of("t"));
  }

  /** How far parts reach, those that are named. */
  private static Map<String, String> unlike(Map<String, Float> reached) {
    Map<String, Statistics> seen = new HashMap<>();
    reached.forEach(
        (name, reach) -> seen.put(name, Recipes.observed(name, 0, reach).whole().orElseThrow()));
    return scales().unlike(name -> Optional.ofNullable(seen.get(name)));
  }

  @Test
  void thePartsAreDecisive() {
    assertThat(scales().decisive()).containsExactly("a", "b", "c");
  }

  @Test
  void partsThatReachEightTimesAsFarAreUnlike() {
    assertThat(unlike(Map.of("a", 16f, "b", -2f, "c", 5f)))
        .containsEntry("t", "its part 'a' reaches 16.0, 'b' 2.0");
    assertThat(unlike(Map.of("a", 15f, "b", -2f, "c", 5f))).isEmpty();
  }

  @Test
  void whatWasNotObservedOrIsAlwaysZeroSaysNothing() {
    assertThat(unlike(Map.of("a", 16f, "b", 16f))).isEmpty();
    assertThat(unlike(Map.of("a", 16f, "b", 0f))).isEmpty();
    assertThat(unlike(Map.of("a", 0f, "b", 0f))).isEmpty();
    assertThat(unlike(Map.of("a", 16f)))
        .containsEntry("t", "how far its parts reach was not observed");
    assertThat(unlike(Map.of("a", 16f, "b", Float.NaN))).isEmpty();
  }
}
