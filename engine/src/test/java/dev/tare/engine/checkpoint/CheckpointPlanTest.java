package dev.tare.engine.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import dev.tare.engine.recipe.RecipeException;
import dev.tare.engine.safetensors.ElementType;
import dev.tare.engine.safetensors.SafetensorsHeader;
import dev.tare.engine.safetensors.StoredTensor;
import dev.tare.engine.safetensors.TensorSpec;
import dev.tare.engine.tensor.Shape;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class CheckpointPlanTest {

  private static final String RECIPE =
      """
      format-version = 1
      description = "for a test"
      format = compressed-tensors
      weights { type = int4, symmetric = false, granularity = per-group, group-size = 32, method = min-max }
      inputs = float
      exclude = ["*lm_head", "*embed*", "*.gate"]
      """;

  static CheckpointRecipe recipe(String more) {
    Config config = ConfigFactory.parseString(more).withFallback(ConfigFactory.parseString(RECIPE));
    return CheckpointRecipeParser.parse("r", config.resolve());
  }

  @Test
  void tensorsThatNoFileHasRoomForAreNamedWithTheirBytes() {
    CheckpointPlan plan = CheckpointPlan.of(recipe(""), FILES, 12_000);
    assertThat(plan.larger(12_000)).containsExactly(Map.entry("embed_tokens.weight", 12_800L));
    assertThat(plan.shards())
        .filteredOn(shard -> shard.header().dataBytes() > 12_000)
        .singleElement()
        .satisfies(shard -> assertThat(shard.tensors()).hasSize(1));
    assertThat(CheckpointPlan.of(recipe(""), FILES, 12_800).larger(12_800)).isEmpty();
  }

  static TensorSpec tensor(String name, ElementType type, long... shape) {
    return new TensorSpec(name, type, Shape.of(shape));
  }

  static final SortedMap<String, SafetensorsHeader> FILES =
      new TreeMap<>(
          Map.of(
              "1.safetensors",
              SafetensorsHeader.layOut(
                  new TreeMap<>(),
                  List.of(
                      tensor("embed_tokens.weight", ElementType.BF16, 100, 64),
                      tensor("l.norm.weight", ElementType.BF16, 63),
                      tensor("l.up.weight", ElementType.BF16, 96, 64),
                      tensor("l.up.bias", ElementType.BF16, 96))),
              "2.safetensors",
              SafetensorsHeader.layOut(
                  new TreeMap<>(),
                  List.of(
                      tensor("l.odd.weight", ElementType.F32, 8, 40),
                      tensor("l.wide.weight", ElementType.F64, 8, 64),
                      tensor("l.conv.weight", ElementType.F32, 8, 32, 3),
                      tensor("l.gate.weight", ElementType.F32, 8, 64),
                      tensor("l.down.weight", ElementType.F32, 64, 96)))));

  @Test
  void linearLayersAreQuantizedUnlessTheirNameOrShapeForbids() {
    CheckpointPlan plan = CheckpointPlan.of(recipe(""), FILES, 1 << 20);
    assertThat(plan.modules()).containsExactly("l.down", "l.up");
    assertThat(plan.left())
        .containsExactly(
            Map.entry("embed_tokens", CheckpointPlan.EXCLUDED),
            Map.entry("l.gate", CheckpointPlan.EXCLUDED),
            Map.entry("l.odd", "rows of 40 values are no whole number of groups of 32"));
    assertThat(plan.shards()).extracting(PlannedShard::file).containsExactly("model.safetensors");
    SafetensorsHeader header = plan.shards().get(0).header();
    assertThat(header.tensors())
        .extracting(StoredTensor::spec)
        .contains(
            tensor("l.up.weight_shape", ElementType.I64, 2),
            tensor("l.up.weight_packed", ElementType.I32, 96, 8),
            tensor("l.up.weight_zero_point", ElementType.I32, 12, 2),
            tensor("l.up.weight_scale", ElementType.BF16, 96, 2),
            tensor("l.down.weight_scale", ElementType.F32, 64, 3),
            tensor("l.conv.weight", ElementType.F32, 8, 32, 3))
        .doesNotContain(tensor("l.up.weight", ElementType.BF16, 96, 64));
    assertThat(header.dataBytes()).isEqualTo(plan.bytes());
    for (StoredTensor tensor : header.tensors()) {
      assertThat(tensor.begin() % tensor.spec().type().bytes()).as(tensor.name()).isZero();
    }
  }

  @Test
  void filesEndAfterSoManyBytesAndEachTensorIsInOne() {
    CheckpointPlan plan = CheckpointPlan.of(recipe(""), FILES, 6000);
    assertThat(plan.shards())
        .extracting(PlannedShard::file)
        .containsExactly(
            "model-00001-of-00005.safetensors",
            "model-00002-of-00005.safetensors",
            "model-00003-of-00005.safetensors",
            "model-00004-of-00005.safetensors",
            "model-00005-of-00005.safetensors");
    assertThat(plan.index().files())
        .containsEntry("l.up.weight_scale", "model-00002-of-00005.safetensors")
        .containsEntry("l.up.weight_packed", "model-00002-of-00005.safetensors")
        .hasSize(3 + 4 + 4 + 4);
    long bytes = plan.shards().stream().mapToLong(shard -> shard.header().dataBytes()).sum();
    assertThat(bytes).isEqualTo(plan.bytes());
    for (PlannedShard shard : plan.shards()) {
      assertThat(PlannedShard.parse(shard.toJson())).isEqualTo(shard);
    }
  }

  @Test
  void namesThatCollideAreRefused() {
    SortedMap<String, SafetensorsHeader> twice = new TreeMap<>(FILES);
    twice.put(
        "3.safetensors",
        SafetensorsHeader.layOut(
            new TreeMap<>(), List.of(tensor("l.up.weight_scale", ElementType.F32, 1))));
    assertThatThrownBy(() -> CheckpointPlan.of(recipe(""), twice, 1 << 20))
        .hasMessage("Two tensors are called 'l.up.weight_scale', or would be");
  }

  @Test
  void configurationsKeepTheirTextAndSayWhatWasDone() {
    CheckpointPlan plan = CheckpointPlan.of(recipe(""), FILES, 1 << 20);
    String config =
        "{\n  \"model_type\": \"llama\",\n  \"eps\": 1e-05,\n  \"limit\": Infinity\n}\n";
    assertThat(CompressedTensorsConfig.addTo(config, plan))
        .isEqualTo(
            """
            {
              "model_type": "llama",
              "eps": 1e-05,
              "limit": Infinity,
              "quantization_config": {
                "config_groups" : {
                  "group_0" : {
                    "targets" : [ "Linear" ],
                    "weights" : {
                      "num_bits" : 4,
                      "type" : "int",
                      "symmetric" : false,
                      "strategy" : "group",
                      "group_size" : 32,
                      "dynamic" : false
                    },
                    "input_activations" : null,
                    "output_activations" : null
                  }
                },
                "format" : "pack-quantized",
                "global_compression_ratio" : null,
                "ignore" : [ "re:.*lm_head", "embed_tokens", "l.gate", "l.odd" ],
                "kv_cache_scheme" : null,
                "quant_method" : "compressed-tensors",
                "quantization_status" : "compressed"
              }
            }
            """);
    assertThat(CompressedTensorsConfig.addTo("{}", plan)).startsWith("{\n  \"quantization_config");
    String dynamic =
        CompressedTensorsConfig.addTo(
            "{ }",
            CheckpointPlan.of(
                recipe(
                    "weights { type = int8, symmetric = true, granularity = per-channel }\n"
                        + "inputs = dynamic-token"),
                FILES,
                1 << 20));
    assertThat(dynamic)
        .contains("int-quantized", "\"strategy\" : \"channel\"", "\"strategy\" : \"token\"");
  }

  @Test
  void float8IsSaidToBeFloat() {
    String weights =
        "weights { type = float8e4m3fn, symmetric = true, granularity = per-channel }\n";
    CheckpointPlan plan =
        CheckpointPlan.of(recipe(weights + "inputs = dynamic-token"), FILES, 1 << 20);
    assertThat(CompressedTensorsConfig.addTo("{}", plan))
        .contains("float-quantized", "\"type\" : \"float\"")
        .doesNotContain("\"int\"");
    assertThat(plan.shards().get(0).header().tensors())
        .extracting(StoredTensor::spec)
        .contains(
            tensor("l.up.weight", ElementType.F8_E4M3, 96, 64),
            tensor("l.up.weight_scale", ElementType.BF16, 96, 1));
  }

  @Test
  void configurationsOfQuantizedCheckpointsAreRefused() {
    CheckpointPlan plan = CheckpointPlan.of(recipe(""), FILES, 1 << 20);
    assertThatThrownBy(
            () -> CompressedTensorsConfig.addTo("{\"quantization_config\":{\"a\":1}}", plan))
        .hasMessage("it has a quantization_config: the checkpoint is quantized already");
    assertThatThrownBy(() -> CompressedTensorsConfig.addTo("{\"model_type\":\"gpt2\"}", plan))
        .hasMessage("models of type gpt2 have transposed weights, which no loader takes quantized");
    for (String text : List.of("", "[]", "{", "{\"a\":1,\"a\":2}", "{} {}")) {
      assertThatThrownBy(() -> CompressedTensorsConfig.addTo(text, plan))
          .isInstanceOf(IllegalArgumentException.class);
    }
  }

  @Test
  void mistakesInRecipesNameTheKey() {
    assertRefused("weights.bits = 4", "Unknown key 'weights.bits' in a recipe for checkpoints");
    assertRefused("weights.type = int5", "Invalid 'type' in a recipe");
    assertRefused("weights.granularity = per-block", "expected per-channel or per-group");
    assertRefused("weights.group-size = 12", "group-size is a multiple of 8, not 12");
    assertRefused("weights.method = mse", "expected min-max, mse-grid or mse-grid-N");
    assertRefused("weights.method = mse-grid-1", "a grid has 2 to 1000 steps");
    assertRefused(
        "inputs = static", "expected float or dynamic-token or dynamic-group, found 'static'");
    assertRefused("inputs = dynamic-token", "inputs of 8 bits need weights");
    assertRefused("inputs = dynamic-group", "weights with group-rows need inputs = dynamic-group");
    assertRefused("weights.group-rows = 12", "group-rows is 1 or a multiple of 8 up to 1024");
    assertRefused("weights.group-rows = 16", "group-rows is for weights of float8");
    assertRefused(FloatSchemesTest.NVFP4 + "fused = [q]", "expected a list of lists of names");
    assertRefused(FloatSchemesTest.NVFP4 + "fused = [[q, k], [k]]", "'k' is named twice");
    assertRefused("exclude = [\"\"]", "Invalid name pattern: empty");
    assertRefused("format = qdq", "Recipe 'r' is not for checkpoints");
    assertRefused("format-version = 2", "expected 1, found 2");
  }

  private static void assertRefused(String more, String message) {
    assertThatThrownBy(() -> recipe(more))
        .isInstanceOf(RecipeException.class)
        .hasMessageContaining(message);
  }
}
