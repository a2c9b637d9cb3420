package dev.tare.jobs.checkpoint;

import dev.tare.engine.safetensors.ElementType;
import dev.tare.engine.safetensors.SafetensorsHeader;
import dev.tare.engine.safetensors.ShardIndex;
import dev.tare.engine.safetensors.StoredTensor;
import dev.tare.engine.safetensors.TensorSpec;
import dev.tare.engine.tensor.HalfFloats;
import dev.tare.engine.tensor.Shape;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.IntStream;

/** A checkpoint of a language model of one block, in BF16, with seeded weights. */
public final class SmallCheckpoint {

  static final String UP = "model.layers.0.mlp.up_proj.weight";
  static final String NORM = "model.norm.weight";

  private static final List<TensorSpec> FIRST =
      List.of(
          tensor("model.embed_tokens.weight", 50, 256),
          tensor("model.layers.0.self_attn.q_proj.weight", 256, 256),
          tensor("model.layers.0.self_attn.q_proj.bias", 256),
          tensor(UP, 384, 256));
  private static final List<TensorSpec> SECOND =
      List.of(
          tensor("model.layers.0.mlp.down_proj.weight", 256, 384),
          tensor("model.layers.0.mlp.odd.weight", 40, 24),
          tensor(NORM, 255),
          tensor("lm_head.weight", 50, 256));

  private SmallCheckpoint() {}

  static TensorSpec tensor(String name, long... shape) {
    return new TensorSpec(name, ElementType.BF16, Shape.of(shape));
  }

  /** Writes the checkpoint as one file, or as two and an index. */
  public static Path write(Path folder, boolean sharded) {
    try {
      Files.createDirectories(folder);
      Files.writeString(folder.resolve("config.json"), "{\n  \"model_type\": \"llama\"\n}\n");
      Files.writeString(folder.resolve("tokenizer.json"), "{}");
      Files.writeString(folder.resolve("pytorch_model.bin"), "weights");
      Files.writeString(folder.resolve(".gitattributes"), "");
      if (!sharded) {
        List<TensorSpec> all =
            IntStream.range(0, 8).mapToObj(i -> i < 4 ? FIRST.get(i) : SECOND.get(i - 4)).toList();
        file(folder.resolve("model.safetensors"), all);
        return folder;
      }
      TreeMap<String, String> index = new TreeMap<>();
      FIRST.forEach(tensor -> index.put(tensor.name(), "a.safetensors"));
      SECOND.forEach(tensor -> index.put(tensor.name(), "b.safetensors"));
      file(folder.resolve("a.safetensors"), FIRST);
      file(folder.resolve("b.safetensors"), SECOND);
      Files.writeString(folder.resolve(ShardIndex.FILE), new ShardIndex(index).format(1));
      return folder;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Writes a checkpoint of any tensors in BF16, as one file, or as several and an index. */
  @SafeVarargs
  static Path write(Path folder, List<TensorSpec>... files) {
    try {
      Files.createDirectories(folder);
      Files.writeString(folder.resolve("config.json"), "{\n  \"model_type\": \"llama\"\n}\n");
      if (files.length == 1) {
        file(folder.resolve("model.safetensors"), files[0]);
        return folder;
      }
      TreeMap<String, String> index = new TreeMap<>();
      for (int i = 0; i < files.length; i++) {
        String name = "part-%d.safetensors".formatted(i);
        files[i].forEach(tensor -> index.put(tensor.name(), name));
        file(folder.resolve(name), files[i]);
      }
      Files.writeString(folder.resolve(ShardIndex.FILE), new ShardIndex(index).format(1));
      return folder;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void file(Path file, List<TensorSpec> tensors) throws IOException {
    SafetensorsHeader header = SafetensorsHeader.layOut(new TreeMap<>(), tensors);
    try (OutputStream out = Files.newOutputStream(file)) {
      out.write(header.encode());
      for (TensorSpec tensor : tensors) {
        out.write(bytes(tensor));
      }
    }
  }

  /** The values of a tensor depend on its name alone. */
  static byte[] bytes(TensorSpec tensor) {
    Random random = new Random(tensor.name().hashCode());
    ByteBuffer bytes = ByteBuffer.allocate((int) tensor.bytes()).order(ByteOrder.LITTLE_ENDIAN);
    while (bytes.hasRemaining()) {
      bytes.putShort(HalfFloats.toBfloat16((float) random.nextGaussian() * 0.05f));
    }
    return bytes.array();
  }

  /** A tensor of the checkpoint. */
  static TensorSpec named(String name) {
    return IntStream.range(0, 8)
        .mapToObj(i -> i < 4 ? FIRST.get(i) : SECOND.get(i - 4))
        .filter(tensor -> tensor.name().equals(name))
        .findFirst()
        .orElseThrow();
  }

  /** Reads the header of a file. */
  static SafetensorsHeader header(Path file) {
    byte[] all = read(file);
    return SafetensorsHeader.read(
        Arrays.copyOf(all, 8), n -> Arrays.copyOfRange(all, 8, 8 + n), all.length, "test");
  }

  /** Reads the bytes of a tensor of a file. */
  static byte[] tensor(Path file, String name) {
    StoredTensor tensor =
        header(file).tensors().stream()
            .filter(each -> each.name().equals(name))
            .findFirst()
            .orElseThrow();
    return Arrays.copyOfRange(read(file), (int) tensor.begin(), (int) tensor.end());
  }

  private static byte[] read(Path file) {
    try {
      return Files.readAllBytes(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
