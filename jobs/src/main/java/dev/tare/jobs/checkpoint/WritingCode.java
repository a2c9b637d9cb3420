package dev.tare.jobs.checkpoint;

import dev.tare.engine.checkpoint.CheckpointRecipe;
import dev.tare.engine.checkpoint.PlannedShard;
import dev.tare.engine.checkpoint.PlannedTensor;
import dev.tare.engine.checkpoint.WeightEncoder;
import dev.tare.engine.checkpoint.WeightScheme;
import dev.tare.engine.checkpoint.WeightType;
import dev.tare.engine.quant.Float8;
import dev.tare.engine.safetensors.SafetensorsHeader;
import dev.tare.engine.tensor.HalfFloats;
import dev.tare.jobs.artifact.Digest;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.List;

/**
 * Identifies the code that decides the bytes of a file of the result, by the bytes of its classes:
 * two builds of one version may differ, and a file that one of them wrote is not what the other
 * would write.
 */
final class WritingCode {

  /** The package-private classes of {@code engine.checkpoint} that quantize. */
  private static final List<String> BESIDE_ENCODER =
      List.of(
          "GroupQuantizer",
          "StoredFloats",
          "ZeroPoints",
          "Float4",
          "CompressionFormat",
          "SchemeJson");

  private static final List<Class<?>> CLASSES =
      List.of(
          ShardWriter.class,
          CheckpointRecipe.class,
          PlannedShard.class,
          PlannedTensor.class,
          WeightEncoder.class,
          WeightScheme.class,
          WeightType.class,
          SafetensorsHeader.class,
          Float8.class,
          HalfFloats.class);

  /** Read when it is first needed, and once: each file of a result depends on it. */
  private static final class Read {
    static final String IDENTITY = read();
  }

  private WritingCode() {}

  /** Text that differs where the code does. */
  static String identity() {
    return Read.IDENTITY;
  }

  private static String read() {
    StringBuilder all = new StringBuilder();
    CLASSES.forEach(each -> all.append(sha256(each, each.getSimpleName())).append('\n'));
    BESIDE_ENCODER.forEach(name -> all.append(sha256(WeightEncoder.class, name)).append('\n'));
    return all.toString();
  }

  private static String sha256(Class<?> beside, String name) {
    try (InputStream in = beside.getResourceAsStream(name + ".class")) {
      if (in == null) {
        throw new IllegalStateException("There is no class %s beside %s".formatted(name, beside));
      }
      return Digest.of(in).sha256();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
