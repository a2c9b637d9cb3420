package dev.tare.jobs.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tare.engine.checkpoint.CheckpointPlan;
import dev.tare.engine.recipe.RecipeException;
import dev.tare.engine.safetensors.TensorSpec;
import dev.tare.jobs.ExitCode;
import dev.tare.jobs.TareException;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CheckpointFolderTest {

  private static final Configuration HADOOP = new Configuration();
  private static final ThreadMXBean PROCESSOR = ManagementFactory.getThreadMXBean();

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
    Files.write(folder.resolve("b.safetensors"), header("{}", 0));
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

  /** Each with exit code 3, and before a second of processor time. */
  @Test
  void hostileFilesAreRefused() throws IOException {
    SmallCheckpoint.write(folder, false);
    Path file = folder.resolve("model.safetensors");
    String one = "'a'" + at(0, "4");
    for (Map.Entry<String, byte[]> hostile :
        Map.of(
                "fewer than 8 bytes", new byte[0],
                "not valid", header("{'a'", 0),
                "announce a header of 9223372036854775808 bytes", length(Long.MIN_VALUE),
                "announce a header of 18446744073709551615 bytes", length(-1),
                "announce a header of 57 bytes", length(57),
                "the entry of tensor 'a' is not an object",
                    header("{'a':" + "[".repeat(10_000_000), 0),
                "Duplicate field 'a'", header("{" + one + "," + one + "}", 4),
                "before the end of tensor 'a'", header("{" + one + ",'b'" + at(2, "4") + "}", 6),
                "more elements than 63 bits",
                    header("{'a'" + at(0, "1073741824,".repeat(9) + "4") + "}", 4),
                "it is a path", header("{'../../a'" + at(0, "4") + "}", 4))
            .entrySet()) {
      Files.write(file, hostile.getValue());
      long begin = PROCESSOR.getCurrentThreadCpuTime();
      assertRefused(hostile.getKey());
      assertThat(PROCESSOR.getCurrentThreadCpuTime() - begin).isLessThan(1_000_000_000L);
    }
    Files.writeString(
        folder.resolve("model.safetensors.index.json"),
        "{\"weight_map\":{\"a\":\"../../other.safetensors\"}}");
    assertRefused("not the name of a safetensors file in the same folder");
  }

  /** A file of 64 bytes that announces a header of so many. */
  private static byte[] length(long bytes) {
    return ByteBuffer.allocate(64).order(ByteOrder.LITTLE_ENDIAN).putLong(bytes).array();
  }

  /** The entry of a tensor of four bytes. */
  private static String at(int begin, String shape) {
    return ":{'dtype':'I8','shape':[%s],'data_offsets':[%d,%d]}".formatted(shape, begin, begin + 4);
  }

  private static byte[] header(String json, int dataBytes) {
    byte[] text = json.replace('\'', '"').getBytes(StandardCharsets.UTF_8);
    return ByteBuffer.allocate(8 + text.length + dataBytes)
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

  /** Without a word in the recipe of a user: heads, embeddings, norms and routers of experts. */
  @Test
  void everyRecipeLeavesWhatIsSensitive() throws IOException {
    List<String> left =
        List.of(
            "lm_head",
            "model.embed_tokens",
            "model.layers.0.block_sparse_moe.gate",
            "model.layers.0.feed_forward.router",
            "model.layers.0.input_layernorm",
            "model.layers.0.mlp.gate",
            "model.layers.0.mlp.shared_expert_gate",
            "model.norm",
            "transformer.wte");
    List<String> quantized =
        List.of(
            "model.layers.0.block_sparse_moe.experts.7.w1",
            "model.layers.0.mlp.experts.0.gate_proj",
            "model.layers.0.mlp.gate_proj",
            "model.layers.0.self_attn.q_proj");
    List<TensorSpec> tensors =
        Stream.concat(left.stream(), quantized.stream())
            .map(module -> SmallCheckpoint.tensor(module + ".weight", 128, 128))
            .toList();
    SmallCheckpoint.write(folder, tensors);
    for (String name : CheckpointRecipes.SHIPPED) {
      CheckpointPlan plan = plan(CheckpointRecipes.open(name, HADOOP));
      assertThat(plan.modules()).as(name).isEqualTo(quantized);
      assertThat(plan.left()).as(name).containsOnlyKeys(left);
      assertThat(plan.left().values()).as(name).containsOnly(CheckpointPlan.EXCLUDED);
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
