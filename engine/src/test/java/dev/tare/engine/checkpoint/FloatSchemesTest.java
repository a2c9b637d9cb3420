package dev.tare.engine.checkpoint;

import static dev.tare.engine.checkpoint.CheckpointPlanTest.FILES;
import static dev.tare.engine.checkpoint.CheckpointPlanTest.recipe;
import static dev.tare.engine.checkpoint.CheckpointPlanTest.tensor;
import static org.assertj.core.api.Assertions.assertThat;

import dev.tare.engine.safetensors.ElementType;
import dev.tare.engine.safetensors.SafetensorsHeader;
import dev.tare.engine.safetensors.StoredTensor;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** What is planned for floating-point weights whose scales are not one a row. */
class FloatSchemesTest {

  static final String NVFP4 =
      """
      weights { type = nvfp4, symmetric = true, group-size = 16 }
      fused = [[q, k], [gate, up]]
      """;

  @Test
  void blocksHaveTheirScalesAndTheirStrategy() {
    String weights =
        "weights { type = float8e4m3fn, symmetric = true, group-size = 32, group-rows = 40 }\n";
    CheckpointPlan plan =
        CheckpointPlan.of(recipe(weights + "inputs = dynamic-group"), FILES, 1 << 20);
    assertThat(CompressedTensorsConfig.section(plan).path("config_groups").path("group_0"))
        .hasToString(
            "{\"targets\":[\"Linear\"],\"weights\":{\"num_bits\":8,\"type\":\"float\","
                + "\"symmetric\":true,\"strategy\":\"block\",\"block_structure\":[40,32],"
                + "\"dynamic\":false},\"input_activations\":{\"num_bits\":8,\"type\":\"float\","
                + "\"symmetric\":true,\"strategy\":\"group\",\"group_size\":32,"
                + "\"dynamic\":true},\"output_activations\":null}");
    assertThat(plan.shards().get(0).header().tensors())
        .extracting(StoredTensor::spec)
        .contains(
            tensor("l.up.weight", ElementType.F8_E4M3, 96, 64),
            tensor("l.up.weight_scale", ElementType.BF16, 3, 2))
        .doesNotContain(tensor("l.odd.weight_scale", ElementType.F32, 1, 1));
    assertThat(plan.left()).containsKey("l.odd");
  }

  @Test
  void mxfp4HasTwoCodesInAByteAndExponents() {
    CheckpointPlan plan =
        CheckpointPlan.of(recipe("weights { type = mxfp4, symmetric = true }"), FILES, 1 << 20);
    assertThat(CompressedTensorsConfig.section(plan).toString())
        .contains(
            "\"weights\":{\"num_bits\":4,\"type\":\"float\",\"symmetric\":true,"
                + "\"strategy\":\"group\",\"group_size\":32,\"dynamic\":false,"
                + "\"scale_dtype\":\"torch.uint8\"},\"input_activations\":null",
            "\"format\":\"mxfp4-pack-quantized\"");
    assertThat(plan.shards().get(0).header().tensors())
        .extracting(StoredTensor::spec)
        .contains(
            tensor("l.up.weight_packed", ElementType.U8, 96, 32),
            tensor("l.up.weight_scale", ElementType.U8, 96, 2))
        .doesNotContain(tensor("l.up.weight_shape", ElementType.I64, 2));
  }

  @Test
  void nvfp4HasAScaleOfTheTensorBesides() {
    CheckpointPlan plan = CheckpointPlan.of(recipe(NVFP4), FILES, 1 << 20);
    assertThat(CompressedTensorsConfig.section(plan).toString())
        .contains(
            "\"weights\":{\"num_bits\":4,\"type\":\"float\",\"symmetric\":true,"
                + "\"strategy\":\"tensor_group\",\"group_size\":16,\"dynamic\":false,"
                + "\"scale_dtype\":\"torch.float8_e4m3fn\"},\"input_activations\":null",
            "\"format\":\"nvfp4-pack-quantized\"");
    SafetensorsHeader header = plan.shards().get(0).header();
    assertThat(header.tensors())
        .extracting(StoredTensor::spec)
        .contains(
            tensor("l.up.weight_global_scale", ElementType.F32, 1),
            tensor("l.up.weight_packed", ElementType.U8, 96, 32),
            tensor("l.up.weight_scale", ElementType.F8_E4M3, 96, 4));
    for (StoredTensor tensor : header.tensors()) {
      assertThat(tensor.begin() % tensor.spec().type().bytes()).as(tensor.name()).isZero();
    }
  }

  @Test
  void fusedLayersOfAModuleShareTheLargestMagnitude() {
    SortedMap<String, Float> largest =
        new TreeMap<>(
            Map.of(
                "l.0.q.weight", 1f,
                "l.0.k.weight", 3f,
                "l.0.v.weight", 9f,
                "l.1.q.weight", 2f,
                "l.0.up.weight", 5f,
                "q.weight", 7f));
    assertThat(recipe(NVFP4).shared(largest))
        .containsExactly(
            Map.entry("l.0.k.weight", 3f),
            Map.entry("l.0.q.weight", 3f),
            Map.entry("l.0.up.weight", 5f),
            Map.entry("l.0.v.weight", 9f),
            Map.entry("l.1.q.weight", 2f),
            Map.entry("q.weight", 7f));
    // By a pattern, and only of one module.
    assertThat(recipe(NVFP4 + "fused = [[\"?\"], [\"*\"]]").shared(largest))
        .containsExactly(
            Map.entry("l.0.k.weight", 9f),
            Map.entry("l.0.q.weight", 9f),
            Map.entry("l.0.up.weight", 5f),
            Map.entry("l.0.v.weight", 9f),
            Map.entry("l.1.q.weight", 2f),
            Map.entry("q.weight", 7f));
  }
}
