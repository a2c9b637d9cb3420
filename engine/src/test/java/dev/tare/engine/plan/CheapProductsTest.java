package dev.tare.engine.plan;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.tare.engine.onnx.view.OnnxGraph;
import dev.tare.engine.recipe.Recipe;
import dev.tare.engine.recipe.Recipes;
import dev.tare.engine.target.OnnxRuntimeTarget;
import dev.tare.testkit.Models;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;

class CheapProductsTest {

  /** Of 10 samples of 2 x 4 x 4 values: 160 positions, 40 behind the stride, 10 of the pooling. */
  private static final Map<String, Long> COUNTS = Map.of("x", 320L, "r", 320L, "p", 40L);

  /** In 10 samples 40 x 144, 40 x 32 and 10 x 16 multiplications: 80, 17.8 and 2.2 %. */
  private static OnnxGraph gated() {
    return gated("gate");
  }

  private static OnnxGraph gated(String gate) {
    return OnnxGraph.of(
        Models.opset(13)
            .input("x", "batch", 2, 4, 4)
            .constant(Models.floats("wide", new float[144], 8, 2, 3, 3))
            .constant(Models.floats("point", new float[32], 4, 8, 1, 1))
            .constant(Models.floats(gate, new float[16], 4, 4, 1, 1))
            .node("Conv", "one", List.of("x", "wide"), "c", Models.ints("strides", 2L, 2L))
            .node("Relu", "c", "r")
            .node("Conv", "two", List.of("r", "point"), "d")
            .node("GlobalAveragePool", "d", "p")
            .node("Conv", "three", List.of("p", gate), "y")
            .output("y")
            .build());
  }

  private static List<CheapProducts> cheap(String rules, Map<String, Long> counts, double most) {
    Recipe recipe = Recipes.int8("operators = [Conv]", rules);
    OnnxGraph graph = gated();
    return CheapProducts.of(
        recipe,
        Candidates.of(OnnxRuntimeTarget.INSTANCE, recipe, graph),
        graph,
        tensor ->
            counts.containsKey(tensor) ? OptionalLong.of(counts.get(tensor)) : OptionalLong.empty(),
        most);
  }

  private static List<String> weights(String rules, double most) {
    return cheap(rules, COUNTS, most).stream().map(CheapProducts::weight).toList();
  }

  @Test
  void theCheapestAreTakenAsLongAsAllOfThemAreCheap() {
    List<CheapProducts> one = cheap("", COUNTS, .05);
    assertThat(one).extracting(CheapProducts::weight).containsExactly("gate");
    assertThat(one.get(0).nodes()).containsExactly("three");
    assertThat(one.get(0).share()).isCloseTo(160 / 7200.0, within(1e-12));
    assertThat(weights("", .02)).isEmpty();
    assertThat(weights("", .19)).containsExactly("gate");
    assertThat(weights("", .21)).containsExactly("gate", "point");
    assertThat(weights("", .99)).containsExactly("gate", "point");
  }

  @Test
  void whatARuleSaysStays() {
    assertThat(weights("rules = [ { tensors = three, mode = dynamic } ]", .21))
        .doesNotContain("gate");
    assertThat(weights("rules = [ { tensors = p, role = activation, type = uint16 } ]", .21))
        .containsExactly("point");
    assertThat(weights("rules = [ { tensors = gate, role = weight, type = int16 } ]", .21))
        .containsExactly("gate", "point");
    assertThat(weights("exclude = [three]", .21)).containsExactly("point");
  }

  /** The noise of its input is judged elsewhere, and its weight would have some too. */
  @Test
  void whatIsSpoiledKeepsItsWeight() {
    OnnxRuntimeTarget target = OnnxRuntimeTarget.INSTANCE;
    Recipe recipe = Recipes.int8("operators = [Conv]");
    OnnxGraph graph = gated();
    Candidates candidates =
        Candidates.of(
            target, target.placements().get(0), recipe, graph, Map.of("three", "a logarithm"));
    assertThat(
            CheapProducts.of(recipe, candidates, graph, t -> OptionalLong.of(COUNTS.get(t)), .21))
        .extracting(CheapProducts::weight)
        .containsExactly("point");
  }

  @Test
  void whatWasNotObservedIsNotJudged() {
    assertThat(cheap("", Map.of("x", 320L, "r", 320L), .2))
        .extracting(CheapProducts::weight)
        .containsExactly("point");
    assertThat(cheap("", Map.of(), .5)).isEmpty();
  }

  @Test
  void itsInputIsLeftInFloatUnlessOthersReadItInIntegers() {
    Recipe recipe =
        Recipes.int8(
            "operators = [Conv]\nfloat-share = 0.05\nrules = [ { tensors = gate, mode = weight-only } ]");
    Candidates candidates = Candidates.of(OnnxRuntimeTarget.INSTANCE, recipe, gated());
    List<CheapProducts> cheap = cheap("", COUNTS, .05);
    List<TensorPlan> left = CheapProducts.left(recipe, candidates, cheap, List.of());
    assertThat(left)
        .singleElement()
        .satisfies(
            plan -> {
              assertThat(plan.tensor()).isEqualTo("p");
              assertThat(plan.consumers()).containsExactly("three");
              assertThat(plan.floatReason())
                  .contains(
                      "2.22 % of the multiplications of static products read it, and the cheapest"
                          + " 5.0 % read float");
            });
    assertThat(CheapProducts.left(recipe, candidates, cheap, left)).isEmpty();
  }

  /** A pass that changes a weight gives it another name; nodes keep theirs. */
  @Test
  void itsInputIsLeftInFloatWhateverItsWeightIsCalledThen() {
    Recipe recipe =
        Recipes.int8(
            "operators = [Conv]\nfloat-share = 0.05\nrules = [ { tensors = other, mode = weight-only } ]");
    Candidates candidates = Candidates.of(OnnxRuntimeTarget.INSTANCE, recipe, gated("other"));
    assertThat(CheapProducts.left(recipe, candidates, cheap("", COUNTS, .05), List.of()))
        .singleElement()
        .satisfies(plan -> assertThat(plan.tensor()).isEqualTo("p"));
  }
}
