package dev.tare.jobs.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tare.engine.checkpoint.CheckpointPlan;
import dev.tare.engine.recipe.RecipeException;
import dev.tare.jobs.ExitCode;
import dev.tare.jobs.TareException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CheckpointFolderTest {

  private static final Configuration HADOOP = new Configuration();

  @TempDir Path folder;

  private void assertRefused(String message) {
    assertThatThrownBy(() -> CheckpointFolder.open(folder.toString(), HADOOP))
        .isInstanceOfSatisfying(
            TareException.class,
            e -> assertThat(e.exitCode()).as(e.toString()).isEqualTo(ExitCode.BAD_INPUT))
        .hasMessageContaining(message);
  }

  @Test
  void filesAreFoundByTheIndex() throws IOException {
    SmallCheckpoint.write(folder, true);
    Files.writeString(folder.resolve("consolidated.safetensors"), "another form of the weights");
    Files.createDirectory(folder.resolve("original"));
    CheckpointFolder open = CheckpointFolder.open(folder.toString(), HADOOP);
    assertThat(open.shards()).containsOnlyKeys("a.safetensors", "b.safetensors");
    assertThat(open.others())
        .extracting(input -> input.uri().toString())
        .singleElement()
        .asString()
        .endsWith("/tokenizer.json");
    assertThat(open.left())
        .containsExactly("consolidated.safetensors", "original", "pytorch_model.bin");
  }

  @Test
  void foldersThatAreNoCheckpointAreRefused() throws IOException {
    assertRefused("there is no safetensors file (found: )");
    Files.writeString(folder.resolve("model.onnx"), "");
    assertRefused("there is no safetensors file (found: model.onnx)");
    SmallCheckpoint.write(folder, true);
    Files.delete(folder.resolve("b.safetensors"));
    assertRefused("model.safetensors.index.json names the file b.safetensors, which is missing");
    Files.copy(folder.resolve("a.safetensors"), folder.resolve("b.safetensors"));
    assertRefused("is in a.safetensors and in b.safetensors");
    Files.write(folder.resolve("b.safetensors"), header("{}"));
    assertRefused("4 tensors of model.safetensors.index.json are missing");
    Files.delete(folder.resolve("model.safetensors.index.json"));
    assertRefused("there are 2 safetensors files, and no model.safetensors.index.json");
    Files.delete(folder.resolve("b.safetensors"));
    Files.delete(folder.resolve("config.json"));
    assertRefused("there is no config.json");
    assertThatThrownBy(() -> CheckpointFolder.open(folder.resolve("model.onnx").toString(), HADOOP))
        .hasMessageContaining("an ONNX model is quantized by tare run --recipe");
    assertThatThrownBy(() -> CheckpointFolder.open(folder.resolve("x").toString(), HADOOP))
        .hasMessageContaining("No such folder");
  }

  @Test
  void hostileFilesAreRefused() throws IOException {
    SmallCheckpoint.write(folder, false);
    Path file = folder.resolve("model.safetensors");
    for (byte[] content :
        List.of(
            new byte[0],
            header("{"),
            header(
                "{\"a\":{\"dtype\":\"F32\",\"shape\":[4611686018427387904,4],\"data_offsets\":[0,0]}}"),
            ByteBuffer.allocate(64)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(Long.MIN_VALUE)
                .array())) {
      Files.write(file, content);
      assertRefused("Cannot use checkpoint file:");
    }
    Files.writeString(
        folder.resolve("model.safetensors.index.json"),
        "{\"weight_map\":{\"a\":\"../../other.safetensors\"}}");
    assertRefused("not the name of a safetensors file in the same folder");
  }

  private static byte[] header(String json) {
    byte[] text = json.getBytes(StandardCharsets.UTF_8);
    return ByteBuffer.allocate(8 + text.length)
        .order(ByteOrder.LITTLE_ENDIAN)
        .putLong(text.length)
        .put(text)
        .array();
  }

  @Test
  void whatCannotBeQuantizedIsRefusedBeforeAnythingIsWritten() throws IOException {
    SmallCheckpoint.write(folder, false);
    Path config = folder.resolve("config.json");
    CheckpointRecipeText recipe = CheckpointRecipes.open("w4a16-g128", HADOOP);
    CheckpointPlan plan = plan(recipe);
    assertThat(plan.modules())
        .containsExactly(
            "model.layers.0.mlp.down_proj",
            "model.layers.0.mlp.up_proj",
            "model.layers.0.self_attn.q_proj");
    assertThat(plan.left())
        .containsOnlyKeys("lm_head", "model.embed_tokens", "model.layers.0.mlp.odd");
    Files.writeString(config, "{\"quantization_config\": {\"quant_method\": \"fp8\"}}");
    assertThatThrownBy(() -> plan(recipe)).hasMessageContaining("is quantized already");
    Files.writeString(config, "{}");
    Path mine =
        Files.writeString(
            folder.resolve("mine.conf"), "include \"w4a16-g128\"\nexclude = [\"*\"]\n");
    assertThatThrownBy(() -> plan(CheckpointRecipes.open(mine.toString(), HADOOP)))
        .hasMessageContaining("no tensor of it is quantized by recipe");
  }

  private CheckpointPlan plan(CheckpointRecipeText recipe) throws IOException {
    return CheckpointJob.plan(CheckpointFolder.open(folder.toString(), HADOOP), recipe, 1 << 30);
  }

  @Test
  void everyRecipeOfTheFolderIsShipped() throws IOException {
    TreeSet<String> names = new TreeSet<>();
    try (Stream<Path> files = Files.list(Path.of("..", "conf", "recipes", "checkpoints"))) {
      files.forEach(file -> names.add(file.getFileName().toString().replace(".conf", "")));
    }
    assertThat(names).containsExactlyInAnyOrderElementsOf(CheckpointRecipes.SHIPPED);
    for (String name : names) {
      assertThat(CheckpointRecipes.open(name, HADOOP).parse().name()).isEqualTo(name);
    }
  }

  @Test
  void mistakesInRecipesAreUsage() throws IOException {
    assertUsage("w4a16", "Unknown recipe 'w4a16' for a checkpoint");
    assertUsage("w4a16-g12", "did you mean 'w4a16-g128'?");
    assertUsage("int8", "Unknown recipe 'int8' for a checkpoint");
    assertUsage("none/of/these.conf", "Cannot read recipe 'none/of/these.conf'");
    String graph = Path.of("..", "conf", "recipes", "int4-weights.conf").toString();
    assertUsage(graph, "is not for checkpoints");
    Path wrong =
        Files.writeString(folder.resolve("a.conf"), "include \"w8a16.conf\"\nweights.bits = 4\n");
    assertUsage(wrong.toString(), "Unknown key 'weights.bits'");
  }

  private static void assertUsage(String recipe, String message) {
    assertThatThrownBy(() -> CheckpointRecipes.open(recipe, HADOOP))
        .isNotInstanceOf(RecipeException.class)
        .isInstanceOfSatisfying(
            TareException.class, e -> assertThat(e.exitCode()).isEqualTo(ExitCode.USAGE))
        .hasMessageContaining(message);
  }
}
