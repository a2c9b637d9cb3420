package dev.tare.engine.checkpoint;

import static dev.tare.engine.checkpoint.CheckpointPlanTest.recipe;
import static dev.tare.engine.checkpoint.CheckpointPlanTest.tensor;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import dev.tare.engine.recipe.RecipeException;
import dev.tare.engine.safetensors.ElementType;
import dev.tare.engine.safetensors.SafetensorsHeader;
import dev.tare.engine.safetensors.StoredTensor;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Rules give some layers of a checkpoint another type, other groups or another method. */
class CheckpointRulesTest {

  private static final String ATTENTION =
      "rules = [{ tensors = \"*.attn.*\", type = int8, symmetric = true, granularity = per-channel"
          + " }]\n";
  private static final String FUSED = "fused = [[q, k], [gate, up]]\n";

  /** Modules with a weight of [64, 128] in BF16. */
  private static CheckpointPlan plan(String rules, String... modules) {
    SafetensorsHeader header =
        SafetensorsHeader.layOut(
            new TreeMap<>(),
            Stream.of(modules)
                .map(module -> tensor(module + ".weight", ElementType.BF16, 64, 128))
                .toList());
    SortedMap<String, SafetensorsHeader> files = new TreeMap<>();
    files.put("a.safetensors", header);
    return CheckpointPlan.of(recipe(rules), files, 1 << 20);
  }

  private static final String[] LAYERS = {
    "l.0.attn.q", "l.0.attn.k", "l.0.mlp.up", "l.1.attn.q", "l.1.attn.k", "l.1.mlp.up"
  };

  @Test
  void theLastRuleThatMatchesDecidesAndExclusionsComeAfterAll() {
    CheckpointPlan plan =
        plan(
            """
            rules = [
              { tensors = "*.attn.*", role = weight, type = int8, symmetric = true, granularity = per-channel }
              { tensors = "*.attn.k.weight", group-size = 64, method = mse-grid-20 }
              { tensors = "l.1.*", quantize = false }
              { tensors = "l.1.mlp.*", quantize = true }
              { tensors = "*embed*", type = int8 }
            ]
            """,
            "embed_tokens",
            "l.0.attn.q",
            "l.0.attn.k",
            "l.0.mlp.up",
            "l.1.attn.q",
            "l.1.mlp.up");
    assertThat(plan.modules())
        .containsExactly("l.0.attn.k", "l.0.attn.q", "l.0.mlp.up", "l.1.mlp.up");
    WeightScheme base = recipe("").scheme();
    assertThat(plan.schemes().get("l.0.mlp.up")).isEqualTo(base);
    assertThat(plan.schemes().get("l.1.mlp.up")).isEqualTo(base);
    WeightScheme rows = plan.schemes().get("l.0.attn.q");
    assertThat(rows.type()).isEqualTo(WeightType.INT8);
    assertThat(rows.groupSize()).isEmpty();
    // The second rule alone decides, and overrides the recipe, not the first one.
    WeightScheme searched = plan.schemes().get("l.0.attn.k");
    assertThat(searched.type()).isEqualTo(WeightType.INT4);
    assertThat(searched.groupSize()).hasValue(64);
    assertThat(searched.gridSteps()).hasValue(20);
    assertThat(plan.left())
        .containsEntry("l.1.attn.q", CheckpointPlan.EXCLUDED)
        .containsEntry("embed_tokens", CheckpointPlan.EXCLUDED);
    assertThat(plan.idle()).containsExactly("rule 5 ('*embed*')");
    for (PlannedShard shard : plan.shards()) {
      assertThat(PlannedShard.parse(shard.toJson())).isEqualTo(shard);
    }
    assertThat(plan.shards().get(0).header().tensors())
        .extracting(StoredTensor::spec)
        .contains(
            tensor("l.0.attn.q.weight_packed", ElementType.I32, 64, 32),
            tensor("l.0.attn.q.weight_scale", ElementType.BF16, 64, 1),
            tensor("l.0.attn.k.weight_packed", ElementType.I32, 64, 16),
            tensor("l.0.attn.k.weight_scale", ElementType.BF16, 64, 2),
            tensor("l.0.mlp.up.weight_scale", ElementType.BF16, 64, 4),
            tensor("l.1.attn.q.weight", ElementType.BF16, 64, 128));
  }

  @Test
  void oneLayoutForAllHasNoFormatOfGroups() {
    JsonNode section = CompressedTensorsConfig.section(plan(ATTENTION, LAYERS));
    assertThat(section.path("format").asText()).isEqualTo("pack-quantized");
    JsonNode groups = section.path("config_groups");
    assertThat(groups).hasSize(2);
    assertThat(groups.path("group_0").toString())
        .startsWith(
            "{\"targets\":[\"re:.*l\\\\.[0-9]+\\\\.attn\\\\.k$\",\"re:.*l\\\\.[0-9]+\\\\.attn\\\\.q$\"],"
                + "\"weights\":{\"num_bits\":8,\"type\":\"int\",\"symmetric\":true,\"strategy\":\"channel\"");
    assertThat(groups.path("group_1").toString())
        .contains("\"targets\":[\"re:.*l\\\\.[0-9]+\\\\.mlp\\\\.up$\"]", "\"group_size\":32")
        .doesNotContain("\"format\"");
  }

  @Test
  void severalLayoutsAreMixedPrecisionAndEachGroupSaysItsOwn() {
    CheckpointPlan plan =
        plan(
            """
            rules = [
              { tensors = "*.attn.*", type = float8e4m3fn, symmetric = true, granularity = per-channel, inputs = dynamic-token }
              { tensors = "*.up", type = nvfp4, symmetric = true, group-size = 16 }
            ]
            """,
            "l.0.attn.q",
            "l.0.mlp.up",
            "l.0.mlp.down");
    JsonNode section = CompressedTensorsConfig.section(plan);
    assertThat(section.path("format").asText()).isEqualTo("mixed-precision");
    assertThat(section.path("config_groups").findValuesAsText("format"))
        .containsExactly("float-quantized", "pack-quantized", "nvfp4-pack-quantized");
    assertThat(section.path("config_groups").path("group_0").path("targets").toString())
        .isEqualTo("[\"l.0.attn.q\"]");
    assertThat(section.at("/config_groups/group_0/input_activations/strategy").asText())
        .isEqualTo("token");
    assertThat(section.at("/config_groups/group_1/input_activations").isNull()).isTrue();
  }

  /** How a range was found is nothing that a loader sees. */
  @Test
  void anotherMethodAloneIsNoGroupOfItsOwn() {
    CheckpointPlan plan =
        plan("rules = [{ tensors = \"*.q\", method = mse-grid }]\n" + FUSED, LAYERS);
    JsonNode groups = CompressedTensorsConfig.section(plan).path("config_groups");
    assertThat(groups).hasSize(1);
    assertThat(groups.at("/group_0/targets").toString()).isEqualTo("[\"Linear\"]");
    assertThat(plan.torn()).isEmpty();
    assertThat(plan.schemes().get("l.0.attn.q").weighable()).isTrue();
    assertThat(plan.schemes().get("l.0.attn.k").weighable()).isFalse();
  }

  @Test
  void joinedLayersOfDifferentPartsAreNamed() {
    String torn = "rules = [{ tensors = \"*.attn.q\", group-size = 64 }]\n" + FUSED;
    assertThat(plan(torn, LAYERS).torn())
        .containsExactly("l.0.attn.k and l.0.attn.q", "l.1.attn.k and l.1.attn.q");
    assertThat(plan(torn.replace("group-size = 64", "quantize = false"), LAYERS).torn()).hasSize(2);
    assertThat(plan(ATTENTION + FUSED, LAYERS).torn()).isEmpty();
    assertThat(plan(torn.replace(FUSED, ""), LAYERS).torn()).isEmpty();
    // Of experts all are joined, whatever the recipe says.
    String experts = "rules = [{ tensors = \"*.down\", group-size = 64 }]\n";
    assertThat(plan(experts, "m.experts.0.up", "m.experts.0.down", "m.experts.1.up").torn())
        .containsExactly("m.experts.0.down and m.experts.0.up");
  }

  @Test
  void layersThatShareTheScaleOfATensorNeedOneType() {
    String base = FloatSchemesTest.NVFP4 + FUSED;
    assertThatThrownBy(
            () ->
                plan(
                    base
                        + "rules = [{ tensors = \"*.q\", type = int8, granularity = per-channel }]",
                    LAYERS))
        .hasMessage(
            "'l.0.attn.k' and 'l.0.attn.q' are fused, so that they share the scale of a tensor, but"
                + " they have different types: name both in one rule, or take them out of fused");
    assertThat(plan(base + "rules = [{ tensors = \"*.q\", quantize = false }]", LAYERS).torn())
        .hasSize(2);
    assertThat(plan(base + ATTENTION + "fused = [[gate, up]]", LAYERS).schemes().get("l.0.attn.q"))
        .isEqualTo(recipe(ATTENTION).rules().get(0).scheme().orElseThrow());
  }

  @Test
  void namesThatNumbersDoNotTellApartAreListed() {
    List<String> all =
        List.of(
            "m.l.0.q", "m.l.1.q", "m.l.2.q", "m.l.0.k", "m.l.1.k", "head", "a-b.3.x", "a-b.4.x");
    assertThat(ModuleTargets.of(List.of("m.l.0.q", "m.l.2.q"), all))
        .containsExactly("m.l.0.q", "m.l.2.q");
    assertThat(ModuleTargets.of(List.of("m.l.0.k", "m.l.1.k", "head", "a-b.3.x", "a-b.4.x"), all))
        .containsExactly("head", "re:.*a\\-b\\.[0-9]+\\.x$", "re:.*l\\.[0-9]+\\.k$");
    // What differs before the first number is not looked at, unless it is another group's.
    assertThat(
            ModuleTargets.of(
                List.of("x.l.0.q", "x.l.1.q"), List.of("x.l.0.q", "x.l.1.q", "y.l.0.q")))
        .containsExactly("x.l.0.q", "x.l.1.q");
  }

  @Test
  void mistakesInRulesNameTheirPlace() {
    assertRefused(
        "{ tensors = \"*\", bits = 4 }", "Unknown key 'rules.bits' in a recipe for checkpoints");
    assertRefused("{ operators = [MatMul], quantize = false }", "Unknown key 'rules.operators'");
    assertRefused("{ tensors = \"*\" }", "give either quantize, or settings of weights");
    assertRefused(
        "{ tensors = \"*\", quantize = true, type = int8 }", "give either quantize, or settings");
    assertRefused("{ type = int8 }", "No configuration setting found for key 'tensors'");
    assertRefused("{ tensors = \"\", type = int8 }", "Invalid name pattern: empty");
    assertRefused(
        "{ tensors = \"*\", role = activation, type = int8 }",
        "expected weight, found 'activation'");
    assertRefused("{ tensors = \"*\", type = mxfp4 }", "Invalid 'type' in a recipe");
    assertRefused("{ tensors = \"*\", inputs = dynamic-token }", "inputs of 8 bits need weights");
    assertRefused("{ tensors = \"*\", group-size = 12 }", "group-size is a multiple of 8, not 12");
    assertRefused(
        "{ tensors = \"*\", type = int8, granularity = per-channel, group-size = 64 }",
        "Invalid 'group-size' in a recipe");
  }

  private static void assertRefused(String rule, String message) {
    assertThatThrownBy(() -> recipe("rules = [" + rule + "]"))
        .isInstanceOf(RecipeException.class)
        .hasMessageContaining(message);
  }
}
