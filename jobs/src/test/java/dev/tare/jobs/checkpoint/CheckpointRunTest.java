package dev.tare.jobs.checkpoint;

import static dev.tare.jobs.run.CommandLine.json;
import static dev.tare.jobs.run.CommandLine.spark;
import static dev.tare.jobs.run.CommandLine.tare;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.tare.engine.safetensors.SafetensorsHeader;
import dev.tare.engine.safetensors.StoredTensor;
import dev.tare.engine.safetensors.TensorSpec;
import dev.tare.engine.tensor.HalfFloats;
import dev.tare.jobs.artifact.Digest;
import dev.tare.jobs.console.Console;
import dev.tare.jobs.run.CommandLine;
import dev.tare.jobs.run.OutputOptions;
import dev.tare.jobs.run.RunLoop;
import dev.tare.jobs.storage.Atomicity;
import dev.tare.jobs.storage.IfFinished;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A checkpoint through the command, with everything that a user gets. */
@Tag("slow")
class CheckpointRunTest {

  @TempDir static Path shared;

  private static Path source;

  /** What the last run of {@link #stage} said. */
  private static String said = "";

  @BeforeAll
  static void checkpoint() {
    source = SmallCheckpoint.write(shared.resolve("llama"), true);
  }

  private static CommandLine.Result quantize(String recipe, Path output) {
    return tare(
        "quantize",
        "--recipe",
        recipe,
        "--model",
        source.toString(),
        "--output",
        output.toString());
  }

  @Test
  void theResultIsAFolderThatOthersLoad() throws IOException {
    Path run = shared.resolve("run");
    CommandLine.Result result = quantize("w4a16-g128-asym", run).ends(0);
    assertThat(result.err())
        .contains("Not carried over: pytorch_model.bin")
        .containsPattern("  model +\\S*/run/model, [0-9.]+ kB -> [0-9.]+ kB")
        .contains("Warning: 1 matrix stays in float")
        .contains("model.layers.0.mlp.odd (rows of 24 values");
    assertThat(files(run.resolve("model")))
        .containsOnlyKeys("config.json", "model.safetensors", "tokenizer.json");
    JsonNode config = json(run.resolve("model/config.json"));
    assertThat(config.path("model_type").asText()).isEqualTo("llama");
    assertThat(config.at("/quantization_config/format").asText()).isEqualTo("pack-quantized");
    Path file = run.resolve("model/model.safetensors");
    for (String copied : new String[] {SmallCheckpoint.NORM, "lm_head.weight"}) {
      assertThat(SmallCheckpoint.tensor(file, copied))
          .isEqualTo(SmallCheckpoint.bytes(SmallCheckpoint.named(copied)));
    }
    assertThat(dequantizedError(file)).isBetween(18.0, 24.0);
    JsonNode facts = json(run.resolve("manifest.json")).at("/properties/quantization");
    assertThat(facts.path("constants").asInt()).isEqualTo(3);
    assertThat(facts.path("target").asText()).isEqualTo("compressed-tensors");
    tare("verify", run.toString()).ends(0);
    tare("inspect", run.toString()).ends(0);
    tare("runs", shared.toString()).ends(0);
    quantize("w4a16-g128-asym", run).ends(5);
    tare(
            "quantize",
            "--recipe",
            "w4a16-g128-asym",
            "--model",
            source.toString(),
            "--output",
            run.toString(),
            "--if-finished",
            "reuse")
        .ends(0);
  }

  /** The weight decoded by hand from what others read: SQNR in dB. */
  private static double dequantizedError(Path file) {
    ByteBuffer packed = little(SmallCheckpoint.tensor(file, SmallCheckpoint.UP + "_packed"));
    ByteBuffer scales = little(SmallCheckpoint.tensor(file, SmallCheckpoint.UP + "_scale"));
    ByteBuffer zeros = little(SmallCheckpoint.tensor(file, SmallCheckpoint.UP + "_zero_point"));
    ByteBuffer shape = little(SmallCheckpoint.tensor(file, SmallCheckpoint.UP + "_shape"));
    assertThat(shape.getLong(0)).isEqualTo(384);
    assertThat(shape.getLong(8)).isEqualTo(256);
    ByteBuffer original = little(SmallCheckpoint.bytes(SmallCheckpoint.named(SmallCheckpoint.UP)));
    double signal = 0;
    double noise = 0;
    for (int row = 0; row < 384; row++) {
      for (int column = 0; column < 256; column++) {
        int group = column / 128;
        int word = packed.getInt(4 * (row * 32 + column / 8));
        int code = ((word >>> (4 * (column % 8))) & 15) - 8;
        int zero = ((zeros.getInt(4 * (row / 8 * 2 + group)) >>> (4 * (row % 8))) & 15) - 8;
        float scale = brain(scales.getShort(2 * (row * 2 + group)));
        float value = brain(original.getShort(2 * (row * 256 + column)));
        signal += value * value;
        noise += Math.pow(value - (code - zero) * scale, 2);
      }
    }
    return 10 * Math.log10(signal / noise);
  }

  @Test
  void plansAndRecipesAreTwoKindsOfWork() throws IOException {
    String model = source.toString();
    String output = shared.resolve("none").toString();
    assertThat(tare("quantize", "--model", model, "--output", output).ends(2).err())
        .contains("Missing --plan RUN, for an ONNX model, or --recipe RECIPE, for a checkpoint");
    assertThat(
            tare("quantize", "--plan=p", "--recipe=w8a16", "--model=" + model, "--output=" + output)
                .ends(2)
                .err())
        .contains("leave out one of --plan and --recipe");
    assertThat(
            tare(
                    "quantize",
                    "--target=openvino",
                    "--recipe=w8a16",
                    "--model=" + model,
                    "--output=" + output)
                .ends(2)
                .err())
        .contains("--target is for a plan");
    // The recipe of a file that other commands read too does not contradict a plan.
    String shared =
        Files.writeString(CheckpointRunTest.shared.resolve("all.conf"), "recipe = int8\n")
            .toString();
    assertThat(
            tare(
                    "quantize",
                    "--plan=" + model,
                    "--config=" + shared,
                    "--model=" + model,
                    "--output=" + output)
                .ends(3)
                .err())
        .doesNotContain("--recipe");
  }

  private static float brain(short bits) {
    return Float.intBitsToFloat(bits << 16);
  }

  private static ByteBuffer little(byte[] bytes) {
    return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }

  /** One file or two, one shard or many, layers in four ways by rules. */
  @Test
  void theTensorsDoNotDependOnHowTheyAreSplit() throws IOException {
    Path alone = SmallCheckpoint.write(shared.resolve("alone"), false);
    String mixed =
        Files.writeString(
                shared.resolve("mixed.conf"),
                """
                include "w8a8-dynamic"
                rules = [
                  { tensors = "*.self_attn.*", type = int4, granularity = per-group, group-size = 128,
                    inputs = float, method = mse-grid-10 }
                  { tensors = "*.down_proj", type = nvfp4, granularity = per-group, group-size = 16,
                    inputs = float }
                ]
                """)
            .toString();
    SortedMap<String, Digest> one = stage(mixed, alone, "one", 1 << 30);
    assertThat(said).doesNotContain("since a tensor is in one file");
    SortedMap<String, Digest> many = stage(mixed, source, "many", 60_000);
    assertThat(many).isEqualTo(one);
    assertThat(said)
        .contains(
            "Weights by the rules of the recipe: 1 int4 in groups of 128; 2 int8 by rows, inputs"
                + " dynamic-token; 1 nvfp4 in groups of 16",
            "1 file has more than 60.0 kB, since a tensor is in one file: " + SmallCheckpoint.UP)
        .doesNotContain("Warning");
    JsonNode settings = json(shared.resolve("many/model/config.json")).path("quantization_config");
    assertThat(settings.path("format").asText()).isEqualTo("mixed-precision");
    assertThat(settings.path("config_groups").findValuesAsText("format"))
        .containsExactly("nvfp4-pack-quantized", "int-quantized", "pack-quantized");
    try (Stream<Path> shards = Files.list(shared.resolve("many/model"))) {
      assertThat(shards.filter(file -> file.toString().endsWith(".safetensors")).count())
          .isGreaterThan(3);
    }
    assertThat(json(shared.resolve("many/model/model.safetensors.index.json")).path("weight_map"))
        .hasSize(one.size());
  }

  /** What llama.cpp counted makes errors of some columns count more, and no others. */
  @Test
  void importanceMovesErrorsToOtherColumns() throws IOException {
    // Written by gguf-py; every 16th column has 400 times the mean square of the others.
    String file =
        Path.of("../engine/src/test/resources/dev/tare/engine/checkpoint/imatrix.gguf").toString();
    Path own = shared.resolve("importance");
    String line = "quantize --recipe w4a16-g128-mse --model %s --output %s --importance %s";
    // A layer whose range is not searched needs none.
    Path rules =
        Files.writeString(
            shared.resolve("rules.conf"),
            """
            include "w4a16-g128-mse"
            fused = [[up_proj, down_proj]]
            rules = [
              { tensors = "*.down_proj", type = int8, granularity = per-channel, method = min-max }
              { tensors = "*.k_proj", quantize = false }
            ]
            """);
    CommandLine.Result result =
        tare(line.replace("w4a16-g128-mse", "%s")
                .formatted(rules, source, own, file)
                .split(" ", -1))
            .ends(0);
    assertThat(result.err())
        .doesNotContain("no importance")
        .contains(
            "Warning: 1 idle rule of the recipe: no weight has such a name, or a later rule"
                + " decides: rule 2 ('*.k_proj')",
            "Warning: 1 joined layer of parts that are quantized in different ways:"
                + " model.layers.0.mlp.down_proj and model.layers.0.mlp.up_proj. vLLM refuses"
                + " that");
    Path plain = shared.resolve("no-importance");
    quantize("w4a16-g128-mse", plain).ends(0);
    assertThat(importantError(own)).isLessThan(0.97 * importantError(plain));
    assertThat(json(own.resolve("manifest.json")).path("inputs").toString())
        .contains("imatrix.gguf");
    Path refused = shared.resolve("refused-importance");
    tare(line.formatted(source, refused, file).replace("-mse", "").split(" ", -1))
        .refuses(2, refused, "weights.method = mse-grid");
    Path model = shared.resolve("tiny.gguf");
    Files.write(model, new byte[] {'G', 'G', 'U', 'F', 3, 0, 0, 0, -1, -1, -1, -1, -1, -1, -1, -1});
    tare(line.formatted(source, refused, model).split(" ", -1))
        .refuses(3, refused, "tiny.gguf: the number of tensors is 18446744073709551615");
  }

  /** Sum of squared errors of the columns that count. */
  private static double importantError(Path run) {
    Path file = run.resolve("model/model.safetensors");
    ByteBuffer packed = little(SmallCheckpoint.tensor(file, SmallCheckpoint.UP + "_packed"));
    ByteBuffer scales = little(SmallCheckpoint.tensor(file, SmallCheckpoint.UP + "_scale"));
    ByteBuffer original = little(SmallCheckpoint.bytes(SmallCheckpoint.named(SmallCheckpoint.UP)));
    double sum = 0;
    for (int row = 0; row < 384; row++) {
      for (int column = 0; column < 256; column += 16) {
        int word = packed.getInt(4 * (row * 32 + column / 8));
        int code = ((word >>> (4 * (column % 8))) & 15) - 8;
        float scale = brain(scales.getShort(2 * (row * 2 + column / 128)));
        sum += Math.pow(brain(original.getShort(2 * (row * 256 + column))) - code * scale, 2);
      }
    }
    return sum;
  }

  /** Scales of tensors come from a pass of their own, over weights of all files. */
  @Test
  void scalesOfTensorsDoNotDependOnHowTheyAreSplit() throws IOException {
    Path alone = SmallCheckpoint.write(shared.resolve("alone-4"), false);
    SortedMap<String, Digest> one = stage("nvfp4a16", alone, "one-4", 1 << 30);
    assertThat(stage("nvfp4a16", source, "many-4", 60_000)).isEqualTo(one);
    Path file = shared.resolve("one-4/model/model.safetensors");
    ByteBuffer original = little(SmallCheckpoint.bytes(SmallCheckpoint.named(SmallCheckpoint.UP)));
    float most = 0;
    while (original.hasRemaining()) {
      most = Math.max(most, Math.abs(brain(original.getShort())));
    }
    assertThat(
            little(SmallCheckpoint.tensor(file, SmallCheckpoint.UP + "_global_scale")).getFloat())
        .isEqualTo(448 * 6 * (1 / most));
  }

  /** Wherever layers are that a runtime joins, all of them have the scale of the largest. */
  @Test
  void fusedLayersInDifferentFilesShareOneScale() throws IOException {
    List<TensorSpec> layers =
        Stream.of("self_attn.q", "self_attn.k", "self_attn.v", "mlp.gate", "mlp.up", "mlp.down")
            .map(name -> SmallCheckpoint.tensor(module(name) + ".weight", 64, 128))
            .toList();
    Path together = SmallCheckpoint.write(shared.resolve("fused"), layers);
    SortedMap<String, Digest> one = stage("nvfp4a16", together, "fused-one", 1 << 30);
    Path apart =
        SmallCheckpoint.write(
            shared.resolve("apart"),
            List.of(layers.get(0), layers.get(4)),
            List.of(layers.get(1), layers.get(5)),
            List.of(layers.get(2), layers.get(3)));
    assertThat(stage("nvfp4a16", apart, "fused-apart", 6_000)).isEqualTo(one);
    assertThat(files(shared.resolve("fused-apart/model")))
        .containsKey("model-00006-of-00006.safetensors");
    float attention = most("self_attn.q", "self_attn.k", "self_attn.v");
    float joined = most("mlp.gate", "mlp.up");
    assertThat(attention).isNotEqualTo(most("self_attn.v"));
    assertThat(joined).isNotEqualTo(most("mlp.gate"));
    Path file = shared.resolve("fused-one/model/model.safetensors");
    for (String name : List.of("self_attn.q", "self_attn.k", "self_attn.v")) {
      assertThat(globalScale(file, name)).as(name).isEqualTo(448 * 6 * (1 / attention));
    }
    assertThat(globalScale(file, "mlp.gate")).isEqualTo(448 * 6 * (1 / joined));
    assertThat(globalScale(file, "mlp.up")).isEqualTo(448 * 6 * (1 / joined));
    assertThat(globalScale(file, "mlp.down")).isEqualTo(448 * 6 * (1 / most("mlp.down")));

    // Which layers are joined is the recipe's to say.
    Path recipe =
        Files.writeString(
            shared.resolve("own.conf"), "include \"nvfp4a16\"\nfused = [[\"?_proj\"]]\n");
    stage(recipe.toString(), apart, "fused-own", 1 << 30);
    Path own = shared.resolve("fused-own/model/model.safetensors");
    assertThat(globalScale(own, "self_attn.v")).isEqualTo(448 * 6 * (1 / attention));
    assertThat(globalScale(own, "mlp.gate")).isEqualTo(448 * 6 * (1 / most("mlp.gate")));
  }

  private static String module(String name) {
    return "model.layers.0." + name + "_proj";
  }

  private static float globalScale(Path file, String name) {
    return little(SmallCheckpoint.tensor(file, module(name) + ".weight_global_scale")).getFloat();
  }

  /** The largest magnitude of these layers' weights. */
  private static float most(String... names) {
    float most = 0;
    for (String name : names) {
      ByteBuffer values =
          little(SmallCheckpoint.bytes(SmallCheckpoint.tensor(module(name) + ".weight", 64, 128)));
      while (values.hasRemaining()) {
        most = Math.max(most, Math.abs(brain(values.getShort())));
      }
    }
    return most;
  }

  private static SortedMap<String, Digest> stage(
      String recipe, Path model, String name, long mostBytes) throws IOException {
    ByteArrayOutputStream printed = new ByteArrayOutputStream();
    PrintStream out = new PrintStream(printed, true, StandardCharsets.UTF_8);
    new RunLoop(new Console(out, out))
        .produce(
            spark(),
            new OutputOptions(
                shared.resolve(name).toString(),
                Optional.empty(),
                IfFinished.FAIL,
                Atomicity.REQUIRED),
            new CheckpointStage(new CheckpointOptions(model.toString(), recipe), mostBytes));
    said = printed.toString(StandardCharsets.UTF_8);
    SortedMap<String, Digest> tensors = new TreeMap<>();
    files(shared.resolve(name).resolve("model"))
        .forEach(
            (file, path) -> {
              if (file.endsWith(".safetensors")) {
                SafetensorsHeader header = SmallCheckpoint.header(path);
                for (StoredTensor tensor : header.tensors()) {
                  tensors.put(
                      tensor.name() + tensor.spec().type() + tensor.spec().shape(),
                      Digest.of(SmallCheckpoint.tensor(path, tensor.name())));
                }
              }
            });
    return tensors;
  }

  private static SortedMap<String, Path> files(Path folder) {
    SortedMap<String, Path> files = new TreeMap<>();
    try (Stream<Path> entries = Files.list(folder)) {
      entries
          .filter(file -> !file.getFileName().toString().endsWith(".crc"))
          .forEach(file -> files.put(file.getFileName().toString(), file));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return files;
  }

  @Test
  void whatIsRefusedEndsWithItsCode() throws IOException {
    Path odd = SmallCheckpoint.write(shared.resolve("odd"), false);
    byte[] content = Files.readAllBytes(odd.resolve("model.safetensors"));
    StoredTensor up =
        SmallCheckpoint.header(odd.resolve("model.safetensors")).tensors().stream()
            .filter(tensor -> tensor.name().equals(SmallCheckpoint.UP))
            .findFirst()
            .orElseThrow();
    little(content).putShort((int) up.begin() + 256 * 2 * 7, HalfFloats.toBfloat16(Float.NaN));
    Files.write(odd.resolve("model.safetensors"), content);
    Path output = shared.resolve("refused");
    tare("quantize", "--recipe", "w8a16", "--model", odd.toString(), "--output", output.toString())
        .refuses(3, output, "model.safetensors", SmallCheckpoint.UP, "row 7", "not finite");
    Files.write(odd.resolve("model.safetensors"), new byte[] {1, 0, 0, 0, 0, 0, 0, (byte) 0x80});
    Path again = shared.resolve("again");
    tare("quantize", "--recipe", "w8a16", "--model", odd.toString(), "--output", again.toString())
        .refuses(3, again, "announce a header of 9223372036854775809 bytes");
  }
}
