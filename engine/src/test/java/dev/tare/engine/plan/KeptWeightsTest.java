package dev.tare.engine.plan;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tare.engine.recipe.Format;
import dev.tare.engine.recipe.Recipe;
import dev.tare.engine.recipe.Recipes;
import dev.tare.engine.recipe.Role;
import dev.tare.engine.recipe.TensorQuery;
import dev.tare.engine.tensor.DType;
import dev.tare.engine.tensor.Shape;
import dev.tare.engine.tensor.Tensor;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

class KeptWeightsTest {

  private static final Map<String, Tensor> WEIGHTS = weights();

  private static Map<String, Tensor> weights() {
    Random random = new Random(15);
    float[] many = new float[40 * 7];
    for (int i = 0; i < many.length; i++) {
      many[i] = (float) random.nextGaussian() * (1 + i % 7);
    }
    Map<String, Tensor> weights = new LinkedHashMap<>();
    weights.put("many", Tensor.ofFloats(Shape.of(40, 7), many));
    weights.put("exact", Tensor.ofFloats(Shape.of(2, 3), 127, -254, 0, -0f, 2, 0));
    weights.put("infinite", Tensor.ofFloats(Shape.of(1, 2), 1, Float.POSITIVE_INFINITY));
    weights.put("tiny", Tensor.ofFloats(Shape.of(2, 1), Float.MIN_VALUE, 0));
    weights.put("large", Tensor.ofFloats(Shape.of(2, 1), 1e31f, 0));
    weights.put("empty", Tensor.ofFloats(Shape.of(0, 2)));
    weights.put("half", Tensor.of(DType.FLOAT16, Shape.of(1, 1), ByteBuffer.allocate(2)));
    return weights;
  }

  private static TensorQuery query(String name, int axis, String... consumers) {
    return new TensorQuery(
        name, Role.WEIGHT, List.of(consumers), List.of("MatMul"), Format.QDQ, axis, 0);
  }

  private static TensorPlan measured(String name, Recipe recipe, TensorQuery query) {
    return new WeightPlanner(recipe).plan(WEIGHTS.get(name), query);
  }

  private static KeptWeights kept(String... changes) {
    Recipe recipe = Recipes.int8(changes);
    List<TensorPlan> plans = new ArrayList<>();
    WEIGHTS.keySet().forEach(name -> plans.add(measured(name, recipe, query(name, 1, "n"))));
    KeptWeights kept = KeptWeights.of("a model", "0.1.0", recipe, plans);
    String text = kept.format();
    KeptWeights read = KeptWeights.parse(text);
    assertThat(read.format()).isEqualTo(text);
    assertThat(read.modelSha256()).isEqualTo("a model");
    assertThat(read.madeBy()).isEqualTo("0.1.0");
    return read;
  }

  /** Also for other readers, and where another rule decides the same. */
  @Test
  void whatIsKeptGivesThePlanThatTheValuesGive() {
    KeptWeights kept = kept();
    assertThat(kept.tensors()).containsExactlyInAnyOrderElementsOf(WEIGHTS.keySet());
    for (String change :
        List.of(
            "",
            "activations.method = mse",
            "activations.type = uint16",
            "operators = [MatMul]",
            "rules = [{ role = weight, tensors = many, type = int8 }]")) {
      Recipe recipe = Recipes.int8(change);
      for (String name : WEIGHTS.keySet()) {
        TensorQuery query = query(name, 1, "other", "readers");
        assertThat(kept.plan(query, recipe))
            .as("%s, %s", change, name)
            .contains(measured(name, recipe, query));
      }
    }
    assertThat(measured("many", Recipes.int8(), query("many", 1, "n")).channels()).hasSize(7);
    assertThat(measured("tiny", Recipes.int8(), query("tiny", 1, "n")).quantized()).isFalse();
  }

  @Test
  void whatNeedsOtherFiguresIsNotKnown() {
    KeptWeights kept = kept();
    for (String change :
        List.of(
            "weights.symmetric = false",
            "weights.narrow-range = false",
            "weights.reduce-range = true",
            "weights.type = int4",
            "weights.scales = power-of-two",
            "weights.method = mse",
            "weights.granularity = per-tensor",
            "weights { granularity = per-block, block-size = 2 }",
            "float-above = 1e20",
            "rules = [{ role = weight, tensors = many, type = int16 }]")) {
      assertThat(kept.plan(query("many", 1, "n"), Recipes.int8(change))).as(change).isEmpty();
    }
    assertThat(kept.plan(query("many", 0, "n"), Recipes.int8())).isEmpty();
    assertThat(kept.plan(query("many", -1, "n"), Recipes.int8())).isEmpty();
    assertThat(kept.plan(query("unknown", 1, "n"), Recipes.int8())).isEmpty();
    assertThat(KeptWeights.none().plan(query("many", 1, "n"), Recipes.int8())).isEmpty();
  }

  /** Their scales do not follow from extremes, or are as many as the weights. */
  @Test
  void othersAreNotKept() {
    assertThat(kept("weights.method = mse").tensors()).isEmpty();
    assertThat(kept("weights { granularity = per-block, block-size = 2 }").tensors())
        .doesNotContain("many", "exact");
  }

  @Test
  void aNewerFormatKeepsNothingThatThisVersionKnows() {
    KeptWeights newer = KeptWeights.parse("{\"format-version\": 2, \"more\": []}");
    assertThat(newer.tensors()).isEmpty();
    assertThat(newer.madeBy()).isEqualTo("format-version 2");
  }

  @Test
  void whatContradictsItselfIsRefusedWithTheWeight() {
    String text = kept().format();
    // 127, 2 and 0, and the same with -1 for the first.
    String high = "\"high\":\"AAD+QgAAAEAAAAAA\"";
    assertRefused(text, high, "\"high\":\"AAD+QgAAAEA=\"", "'exact': 'high' has not 3 entries");
    assertRefused(text, high, "\"high\":\"?\"", "weight 'exact': ");
    assertRefused(text, high, "\"high\":\"AACAvwAAAEAAAAAA\"", "weight 'exact': ");
    assertRefused(text, "\"high\"", "\"other\"", "weight 'exact': its ranges are not there");
    assertRefused(text, "\"shape\":[2,3]", "\"shape\":[2,4]", "3 ranges for 4 channels");
    assertRefused(text, "\"min-max\"", "\"mse\"", "its range is not of its extremes");
    assertRefused(text, "\"tensor\":\"half\"", "\"tensor\":\"exact\"", "'exact' is there twice");
    assertRefused(text, "\"float-above\"", "\"flow-above\"", "unknown key 'flow-above'");
    assertRefused(text, "}", "", "it is not JSON");
    assertRefused(text, "\"format-version\":1", "\"format-version\":0", "format version 0");
  }

  private static void assertRefused(String text, String part, String other, String message) {
    assertThat(text).contains(part);
    String changed = text.replaceFirst(Pattern.quote(part), Matcher.quoteReplacement(other));
    assertThatThrownBy(() -> KeptWeights.parse(changed))
        .as(part)
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(message);
  }

  /** All channels of one weight: no text that is written is too long to be read. */
  @Test
  void theMostChannelsAreReadAgain() {
    Recipe recipe = Recipes.int8();
    float[] ones = new float[KeptWeights.MOST_CHANNELS];
    Arrays.fill(ones, 1);
    TensorPlan wide =
        new WeightPlanner(recipe)
            .plan(Tensor.ofFloats(Shape.of(1, ones.length), ones), query("wide", 1, "n"));
    assertThat(wide.channels().size()).isEqualTo(ones.length);
    String text = KeptWeights.of("a model", "0.1.0", recipe, List.of(wide)).format();
    assertThat(KeptWeights.parse(text).tensors()).containsExactly("wide");
  }
}
