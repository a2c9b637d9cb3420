package dev.tare.jobs.checkpoint;

import dev.tare.engine.safetensors.ElementType;
import dev.tare.engine.safetensors.SafetensorsHeader;
import dev.tare.engine.safetensors.ShardIndex;
import dev.tare.engine.safetensors.TensorSpec;
import dev.tare.engine.tensor.HalfFloats;
import dev.tare.engine.tensor.Shape;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;

/**
 * A checkpoint of any size in BF16, in files of about 1 GB and an index: layers with the shapes of
 * a Llama of 1.1 billion parameters, 88 MB each.
 */
final class LargeCheckpoint {

  private static final long FILE_BYTES = 1_000_000_000;

  /** A weight that alone is larger than the heap of the process. */
  private static final TensorSpec HUGE =
      new TensorSpec("model.huge.up_proj.weight", ElementType.BF16, Shape.of(131_072, 4096));

  private LargeCheckpoint() {}

  /**
   * Writes it.
   *
   * @return bytes of all tensors
   */
  static long write(Path folder, int layers, boolean huge) throws IOException {
    Files.createDirectories(folder);
    Files.writeString(folder.resolve("config.json"), "{\n  \"model_type\": \"llama\"\n}\n");
    byte[] values = values();
    TreeMap<String, String> index = new TreeMap<>();
    List<TensorSpec> tensors = new ArrayList<>();
    long all = 0;
    long bytes = 0;
    int number = 1;
    for (TensorSpec tensor : tensors(layers, huge)) {
      tensors.add(tensor);
      bytes += tensor.bytes();
      all += tensor.bytes();
      if (bytes >= FILE_BYTES) {
        file(folder, number++, tensors, values, index);
        bytes = 0;
      }
    }
    if (!tensors.isEmpty()) {
      file(folder, number, tensors, values, index);
    }
    Files.writeString(folder.resolve(ShardIndex.FILE), new ShardIndex(index).format(all));
    return all;
  }

  private static List<TensorSpec> tensors(int layers, boolean huge) {
    List<TensorSpec> tensors = new ArrayList<>();
    if (huge) {
      tensors.add(HUGE);
    }
    for (int layer = 0; layer < layers; layer++) {
      String module = "model.layers." + layer + ".";
      for (String name : List.of("q_proj", "o_proj")) {
        tensors.add(weight(module + "self_attn." + name, 2048, 2048));
      }
      for (String name : List.of("k_proj", "v_proj")) {
        tensors.add(weight(module + "self_attn." + name, 256, 2048));
      }
      for (String name : List.of("gate_proj", "up_proj")) {
        tensors.add(weight(module + "mlp." + name, 5632, 2048));
      }
      tensors.add(weight(module + "mlp.down_proj", 2048, 5632));
      tensors.add(
          new TensorSpec(module + "input_layernorm.weight", ElementType.BF16, Shape.of(2048)));
    }
    return tensors;
  }

  private static TensorSpec weight(String module, long rows, long columns) {
    return new TensorSpec(module + ".weight", ElementType.BF16, Shape.of(rows, columns));
  }

  private static void file(
      Path folder, int number, List<TensorSpec> tensors, byte[] values, Map<String, String> index)
      throws IOException {
    String name = String.format(Locale.ROOT, "part-%d.safetensors", number);
    try (OutputStream out = Files.newOutputStream(folder.resolve(name))) {
      out.write(SafetensorsHeader.layOut(new TreeMap<>(), tensors).encode());
      for (TensorSpec tensor : tensors) {
        index.put(tensor.name(), name);
        for (long left = tensor.bytes(); left > 0; left -= values.length) {
          out.write(values, 0, (int) Math.min(values.length, left));
        }
      }
    }
    tensors.clear();
  }

  /** Normal values; an odd number of them, so that no two tensors are the same. */
  static byte[] values() {
    Random random = new Random(18);
    ByteBuffer bytes = ByteBuffer.allocate(2 * 2_097_143).order(ByteOrder.LITTLE_ENDIAN);
    while (bytes.hasRemaining()) {
      bytes.putShort(HalfFloats.toBfloat16((float) random.nextGaussian() * 0.02f));
    }
    return bytes.array();
  }
}
