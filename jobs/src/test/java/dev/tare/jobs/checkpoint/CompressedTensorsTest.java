package dev.tare.jobs.checkpoint;

import static dev.tare.jobs.run.CommandLine.tare;
import static dev.tare.jobs.run.CommandLine.tareAlone;
import static org.assertj.core.api.Assertions.assertThat;

import dev.tare.engine.plan.QuantPlan;
import dev.tare.engine.quant.Float8;
import dev.tare.engine.recipe.Role;
import dev.tare.engine.safetensors.ElementType;
import dev.tare.engine.safetensors.SafetensorsHeader;
import dev.tare.engine.safetensors.StoredTensor;
import dev.tare.engine.tensor.HalfFloats;
import dev.tare.jobs.artifact.Digest;
import dev.tare.jobs.storage.RunFolder;
import dev.tare.jobs.table.PlanStore;
import dev.tare.testkit.PythonEnvironment;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * compressed-tensors decompresses what is written, to the last bit, and compresses that to the same
 * integers; it needs PyTorch, some 6 GB.
 */
@Tag("extended")
class CompressedTensorsTest {

  private static final float[] FLOAT4 = {0, 0.5f, 1, 1.5f, 2, 3, 4, 6};

  @TempDir private Path folder;

  @ParameterizedTest
  @CsvSource({
    "w4a16-g32, 4, 32",
    "w4a16-g128, 4, 128",
    "w4a16-g128-asym, 4, 128",
    "w4a16-g128-mse, 4, 128",
    "w8a16, 8, 0",
    "w8a16-g128, 8, 128",
    "w8a8-dynamic, 0, 0",
    "fp8-dynamic, 0, 0",
    "fp8-b128-dynamic, 0, 128",
    "mxfp4a16, 4, 32",
    "nvfp4a16, 4, 16",
  })
  void theLibraryDecompressesItToTheSameBits(String recipe, int packedBits, int groupSize) {
    // A weight of 24 columns fills no group; by channels it is quantized as well.
    assertDecompressed(recipe, groupSize == 0 ? 4 : 3, weight -> new Layout(packedBits, groupSize));
  }

  @ParameterizedTest
  @ValueSource(ints = {32, 64})
  void theLibraryDecompressesOtherAsymmetricGroups(int size) throws IOException {
    Path recipe =
        Files.writeString(
            folder.resolve("asymmetric.conf"),
            "include \"w4a16-g128-asym\"\nweights.group-size = " + size + "\n");
    assertDecompressed(recipe.toString(), 3, weight -> new Layout(4, size));
  }

  /** Attention in 8 bits by rows, the rest in 4 bits in groups: one layout for both. */
  @Test
  void theLibraryDecompressesGroupsOfOneLayout() throws IOException {
    Path recipe =
        Files.writeString(
            folder.resolve("attention.conf"),
            """
            include "w4a16-g128"
            rules = [{ tensors = "*.self_attn.*", type = int8, granularity = per-channel }]
            """);
    assertDecompressed(
        recipe.toString(),
        3,
        weight -> weight.contains("self_attn") ? new Layout(8, 0) : new Layout(4, 128));
  }

  /** Three layouts in one checkpoint, each of which the configuration names. */
  @Test
  void theLibraryDecompressesGroupsOfSeveralLayouts() throws IOException {
    Path recipe =
        Files.writeString(
            folder.resolve("layouts.conf"),
            """
            include "w4a16-g128-asym"
            rules = [
              { tensors = "*.self_attn.*", role = weight, type = float8e4m3fn, symmetric = true,
                granularity = per-channel, inputs = dynamic-token }
              { tensors = "*.down_proj.weight", role = weight, type = nvfp4, symmetric = true,
                group-size = 16 }
            ]
            """);
    assertDecompressed(
        recipe.toString(),
        3,
        weight ->
            weight.contains("self_attn")
                ? new Layout(0, 0)
                : new Layout(4, weight.contains("down_proj") ? 16 : 128));
  }

  /**
   * How codes of a weight are stored.
   *
   * @param packedBits of each, where they are packed; else 0
   * @param groupSize 0 if a row has one scale
   */
  private record Layout(int packedBits, int groupSize) {}

  private void assertDecompressed(String recipe, int weights, Function<String, Layout> layout) {
    Path source = SmallCheckpoint.write(folder.resolve("llama"), true);
    Path run = folder.resolve("run");
    tare("quantize", "--recipe", recipe, "--model", source.toString(), "--output", run.toString())
        .ends(0);
    String printed =
        PythonEnvironment.of(Path.of("src/test/python/requirements-compressed-tensors.txt"))
            .script(
                Path.of("src/test/python/compressed_tensors_check.py").toString(),
                run.resolve("model").toString());
    Path file = run.resolve("model/model.safetensors");
    Map<String, ByteBuffer> tensors = new TreeMap<>();
    Map<String, StoredTensor> stored = new TreeMap<>();
    SafetensorsHeader header = SmallCheckpoint.header(file);
    for (StoredTensor tensor : header.tensors()) {
      stored.put(tensor.name(), tensor);
      tensors.put(
          tensor.name(),
          ByteBuffer.wrap(SmallCheckpoint.tensor(file, tensor.name()))
              .order(ByteOrder.LITTLE_ENDIAN));
    }
    List<String> expected = new ArrayList<>();
    for (String name : tensors.keySet()) {
      if (name.endsWith(".weight_scale")) {
        String weight = name.substring(0, name.length() - "_scale".length());
        Layout own = layout.apply(weight);
        byte[] floats = dequantized(weight, tensors, stored, own.packedBits(), own.groupSize());
        expected.add(
            "%s torch.bfloat16 %s"
                .formatted(weight.replace(".weight", ""), Digest.of(floats).sha256()));
      }
    }
    assertThat(expected).hasSize(weights);
    assertThat(printed.strip().lines().filter(line -> line.contains("torch.bfloat16")))
        .containsExactlyElementsOf(expected);
  }

  /** Of a quantized graph, to its own dequantized weights in float32. */
  @ParameterizedTest
  @ValueSource(strings = {"int8", "int8-weights"})
  void theLibraryDecompressesWhatIsExportedFromAGraph(String recipe) throws IOException {
    Path source = SmallCheckpoint.write(folder.resolve("float"), GraphCheckpoints.TENSORS);
    Path run = GraphCheckpoints.run(folder, GraphCheckpoints.model(folder), recipe);
    Path out = folder.resolve("exported");
    tareAlone(
            "export",
            run.toString(),
            "--format",
            "compressed-tensors",
            "--checkpoint",
            source.toString(),
            "--out",
            out.toString())
        .ends(0);
    String printed =
        PythonEnvironment.of(Path.of("src/test/python/requirements-compressed-tensors.txt"))
            .script(
                Path.of("src/test/python/compressed_tensors_check.py").toString(), out.toString());
    QuantPlan plan =
        PlanStore.readAlone(
            RunFolder.open(run.toString(), new Configuration()), new Configuration());
    List<String> expected = new ArrayList<>();
    for (int i = 1; i >= 0; i--) {
      float[] values = GraphCheckpoints.values(i);
      int columns = Math.toIntExact(GraphCheckpoints.TENSORS.get(i).shape().dim(1));
      String name = i == 0 ? "onnx::MatMul_7" : "fc.weight";
      float[] scales =
          plan.quantized(Role.WEIGHT).stream()
              .filter(weight -> weight.tensor().equals(name))
              .findFirst()
              .orElseThrow()
              .scales();
      ByteBuffer floats = ByteBuffer.allocate(values.length * 4).order(ByteOrder.LITTLE_ENDIAN);
      for (int k = 0; k < values.length; k++) {
        float scale = scales[k / columns];
        // An integer has no -0.
        floats.putFloat((int) Math.rint(values[k] / scale) * scale);
      }
      expected.add(
          "%s torch.float32 %s"
              .formatted(
                  GraphCheckpoints.TENSORS.get(i).name().replace(".weight", ""),
                  Digest.of(floats.array()).sha256()));
    }
    assertThat(printed.strip().lines().filter(line -> line.contains("torch.float32")))
        .containsExactlyElementsOf(expected);
  }

  /** The product of code and scale, rounded to BF16, as PyTorch computes it. */
  private static byte[] dequantized(
      String weight,
      Map<String, ByteBuffer> tensors,
      Map<String, StoredTensor> stored,
      int bits,
      int groupSize) {
    int scaleRows = Math.toIntExact(stored.get(weight + "_scale").spec().shape().dim(0));
    int rows = bits == 0 ? Math.toIntExact(stored.get(weight).spec().shape().dim(0)) : scaleRows;
    int groups = Math.toIntExact(stored.get(weight + "_scale").spec().shape().dim(1));
    ByteBuffer codes = tensors.get(bits == 0 ? weight : weight + "_packed");
    ByteBuffer scales = tensors.get(weight + "_scale");
    ByteBuffer zeros = tensors.get(weight + "_zero_point");
    int columns =
        groupSize > 0 ? groups * groupSize : codes.capacity() * 8 / (bits == 0 ? 8 : bits) / rows;
    byte[] floats = new byte[rows * columns * 2];
    ByteBuffer out = ByteBuffer.wrap(floats).order(ByteOrder.LITTLE_ENDIAN);
    for (int row = 0; row < rows; row++) {
      for (int column = 0; column < columns; column++) {
        int at = row * columns + column;
        int group = column * groups / columns;
        float code = bits == 0 ? codes.get(at) : code(codes, at, bits);
        if (bits == 0 && stored.get(weight).spec().type() == ElementType.F8_E4M3) {
          code = Float8.E4M3FN.decode(codes.get(at));
        }
        int zero =
            zeros == null
                ? 0
                : ((zeros.getInt(4 * (row / 8 * groups + group)) >>> (4 * (row % 8))) & 15) - 8;
        if (stored.containsKey(weight + "_global_scale")) {
          float eight = Float8.E4M3FN.decode(scales.get(row * groups + group));
          float scale = eight / tensors.get(weight + "_global_scale").getFloat(0);
          out.putShort(HalfFloats.toBfloat16(float4(codes, at) * scale));
          continue;
        }
        if (stored.get(weight + "_scale").spec().type() == ElementType.U8) {
          int exponent = (scales.get(row * groups + group) & 255) - 127;
          out.putShort(HalfFloats.toBfloat16(Math.scalb(float4(codes, at), exponent)));
          continue;
        }
        int scaleRow = row * scaleRows / rows;
        float scale = Float.intBitsToFloat(scales.getShort(2 * (scaleRow * groups + group)) << 16);
        out.putShort(HalfFloats.toBfloat16((code - zero) * scale));
      }
    }
    return floats;
  }

  private static float float4(ByteBuffer packed, int at) {
    int code = packed.get(at / 2) >>> (4 * (at % 2)) & 15;
    return FLOAT4[code & 7] * (code < 8 ? 1 : -1);
  }

  private static int code(ByteBuffer packed, int at, int bits) {
    int perWord = 32 / bits;
    int word = packed.getInt(4 * (at / perWord)) >>> (bits * (at % perWord));
    return (word & ((1 << bits) - 1)) - (1 << (bits - 1));
  }
}
