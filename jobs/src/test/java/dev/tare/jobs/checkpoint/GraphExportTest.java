package dev.tare.jobs.checkpoint;

import static dev.tare.jobs.run.CommandLine.json;
import static dev.tare.jobs.run.CommandLine.tareAlone;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.tare.engine.plan.QuantPlan;
import dev.tare.engine.plan.TensorPlan;
import dev.tare.engine.recipe.Role;
import dev.tare.engine.safetensors.StoredTensor;
import dev.tare.jobs.run.CommandLine;
import dev.tare.jobs.storage.RunFolder;
import dev.tare.jobs.table.PlanStore;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A quantized graph as a checkpoint. */
@Tag("slow")
class GraphExportTest {

  @TempDir static Path folder;

  private static Path source;
  private static Path model;
  private static Path run;

  @BeforeAll
  static void run() throws IOException {
    source = SmallCheckpoint.write(folder.resolve("float"), GraphCheckpoints.TENSORS);
    model = GraphCheckpoints.model(folder);
    run = GraphCheckpoints.run(folder, model, "int8");
  }

  private static CommandLine.Result export(Path run, Path checkpoint, Path out, String... more) {
    List<String> line =
        new ArrayList<>(List.of("export", run.toString(), "--format", "compressed-tensors"));
    line.addAll(List.of("--checkpoint", checkpoint.toString(), "--out", out.toString()));
    line.addAll(List.of(more));
    return tareAlone(line.toArray(String[]::new));
  }

  @Test
  void integersAndScalesAreThoseOfThePlanUnderTheNamesOfTheCheckpoint() throws IOException {
    Path out = folder.resolve("w8a8");
    CommandLine.Result result = export(run, source, out).ends(0);
    assertThat(result.err()).contains("2 weights as integers");
    JsonNode names = json(out.resolve("parameter-names.json")).path("parameters");
    assertThat(names.path("onnx::MatMul_7").asText()).isEqualTo(GraphCheckpoints.UP);
    assertThat(names.path("fc.weight").asText()).isEqualTo(GraphCheckpoints.DOWN);
    JsonNode config = json(out.resolve("config.json")).path("quantization_config");
    assertThat(config.path("format").asText()).isEqualTo("int-quantized");
    assertThat(config.path("ignore").toString()).isEqualTo("[\"re:.*lm_head\",\"lm_head\"]");
    JsonNode inputs = config.at("/config_groups/group_0/input_activations");
    assertThat(inputs.path("strategy").asText()).isEqualTo("tensor");
    assertThat(inputs.path("symmetric").asBoolean()).isFalse();

    QuantPlan plan =
        PlanStore.readAlone(
            RunFolder.open(run.toString(), new Configuration()), new Configuration());
    Path file = out.resolve("model.safetensors");
    assertThat(SmallCheckpoint.header(file).tensors())
        .extracting(StoredTensor::name)
        .containsExactlyInAnyOrder(
            GraphCheckpoints.UP,
            GraphCheckpoints.UP + "_scale",
            "model.up_proj.input_scale",
            "model.up_proj.input_zero_point",
            GraphCheckpoints.DOWN,
            GraphCheckpoints.DOWN + "_scale",
            "model.down_proj.input_scale",
            "model.down_proj.input_zero_point",
            "model.norm.weight",
            "lm_head.weight");
    assertWeight(file, plan, "onnx::MatMul_7", 0, 64);
    assertWeight(file, plan, "fc.weight", 1, 96);
    TensorPlan x = tensor(plan, Role.ACTIVATION, "x");
    assertThat(little(file, "model.up_proj.input_scale").getFloat()).isEqualTo(x.scales()[0]);
    assertThat(little(file, "model.up_proj.input_zero_point").get())
        .isEqualTo((byte) (x.zeroPoints()[0] - 128));
    assertThat(SmallCheckpoint.tensor(file, "lm_head.weight"))
        .isEqualTo(SmallCheckpoint.bytes(GraphCheckpoints.TENSORS.get(3)));
  }

  /** Codes from the float values and the plan's scales, by the formula of ONNX. */
  private static void assertWeight(
      Path file, QuantPlan plan, String initializer, int tensor, int columns) {
    String name = GraphCheckpoints.TENSORS.get(tensor).name();
    float[] scales = tensor(plan, Role.WEIGHT, initializer).scales();
    float[] values = GraphCheckpoints.values(tensor);
    byte[] expected = new byte[values.length];
    for (int i = 0; i < values.length; i++) {
      expected[i] =
          (byte) Math.max(-127, Math.min(127, Math.rint(values[i] / scales[i / columns])));
    }
    assertThat(SmallCheckpoint.tensor(file, name)).isEqualTo(expected);
    ByteBuffer stored = little(file, name + "_scale");
    float[] written = new float[stored.capacity() / 4];
    stored.asFloatBuffer().get(written);
    assertThat(written).isEqualTo(scales);
  }

  private static TensorPlan tensor(QuantPlan plan, Role role, String name) {
    return plan.quantized(role).stream()
        .filter(each -> each.tensor().equals(name))
        .findFirst()
        .orElseThrow();
  }

  private static ByteBuffer little(Path file, String name) {
    return ByteBuffer.wrap(SmallCheckpoint.tensor(file, name)).order(ByteOrder.LITTLE_ENDIAN);
  }

  @Test
  void whereValuesDoNotDecideAPersonDoes() throws IOException {
    Path twins = SmallCheckpoint.write(folder.resolve("twins"), GraphCheckpoints.TENSORS);
    Path file = twins.resolve("model.safetensors");
    byte[] content = Files.readAllBytes(file);
    byte[] up = SmallCheckpoint.tensor(file, GraphCheckpoints.UP);
    System.arraycopy(up, 0, content, content.length - up.length, up.length); // lm_head comes last
    Files.write(file, content);
    Path out = folder.resolve("twins-w8a8");
    assertThat(export(run, twins, out).ends(3).err())
        .contains("2 parameters have the values of initializer 'onnx::MatMul_7'")
        .contains("lm_head.weight, model.up_proj.weight")
        .contains("--mapping");
    assertThat(out).doesNotExist();
    Path mapping = folder.resolve("names.json");
    String text = "{\"format-version\": 1, \"parameters\": {\"onnx::MatMul_7\": \"%s\"}}";
    Files.writeString(mapping, text.formatted("model.down_proj.weight"));
    assertThat(export(run, twins, out, "--mapping", mapping.toString()).ends(3).err())
        .contains("no such weight of shape [96, 64]");
    Files.writeString(mapping, text.formatted(GraphCheckpoints.UP));
    export(run, twins, out, "--mapping", mapping.toString()).ends(0);
    assertThat(Files.readAllBytes(out.resolve("model.safetensors")))
        .isNotEqualTo(content)
        .hasSizeLessThan(content.length);
    assertThat(export(run, twins, out).ends(2).err()).contains("exists");
    assertThat(export(run, twins, run.resolve("x")).ends(2).err()).contains("folder of a run");
  }

  @Test
  void weightsAloneArePacked() throws IOException {
    Path own = GraphCheckpoints.run(folder, model, "int8-weights");
    Path out = folder.resolve("w8a16");
    export(own, source, out).ends(0);
    JsonNode config = json(out.resolve("config.json")).path("quantization_config");
    assertThat(config.path("format").asText()).isEqualTo("pack-quantized");
    assertThat(config.at("/config_groups/group_0/input_activations").isNull()).isTrue();
    Path file = out.resolve("model.safetensors");
    QuantPlan plan =
        PlanStore.readAlone(
            RunFolder.open(own.toString(), new Configuration()), new Configuration());
    float[] scales = tensor(plan, Role.WEIGHT, "fc.weight").scales();
    float[] values = GraphCheckpoints.values(1);
    byte[] packed = SmallCheckpoint.tensor(file, GraphCheckpoints.DOWN + "_packed");
    for (int i = 0; i < values.length; i++) {
      int code = (packed[i] & 255) - 128;
      assertThat(code).isEqualTo((int) Math.rint(values[i] / scales[i / 96]));
    }
    assertThat(little(file, GraphCheckpoints.DOWN + "_shape").getLong(0)).isEqualTo(34);
  }

  @Test
  void whatIsNotACheckpointOfThisModelIsRefused() throws IOException {
    Path other =
        SmallCheckpoint.write(folder.resolve("other"), GraphCheckpoints.TENSORS.subList(3, 4));
    assertThat(export(run, other, folder.resolve("none")).ends(3).err())
        .contains("no weight of the plan is a parameter of the checkpoint");
    assertThat(tareAlone("export", run.toString(), "--format", "compressed-tensors").ends(2).err())
        .contains("Missing --checkpoint FOLDER");
  }
}
