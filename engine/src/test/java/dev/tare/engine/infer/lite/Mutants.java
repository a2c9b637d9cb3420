package dev.tare.engine.infer.lite;

import dev.tare.engine.infer.InferenceException;
import dev.tare.engine.infer.InferenceOptions;
import dev.tare.engine.infer.Session;
import dev.tare.engine.model.InvalidModelException;
import dev.tare.engine.tensor.Sample;
import dev.tare.engine.tensor.Tensor;
import dev.tare.engine.tflite.LiteFile;
import dev.tare.engine.tflite.LiteModel;
import dev.tare.engine.tflite.LiteTensor;
import dev.tare.engine.tflite.model.LiteFloatModel;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.IntStream;

/**
 * Changes bytes of a .tflite file by seeds, and lets the native runtime open and run what the
 * reader accepts. A crash ends the process; the file {@code seed} in the folder then has the seed
 * that did it. It is a program of its own so that a test survives:
 *
 * <pre>
 * Mutants FILE FOLDER FIRST_SEED SECONDS
 * </pre>
 */
final class Mutants {

  private static final int MOST_CHANGES = 4;
  private static final int AROUND = 4;

  private Mutants() {}

  public static void main(String[] args) throws IOException {
    byte[] whole = Files.readAllBytes(Path.of(args[0]));
    Path folder = Path.of(args[1]);
    long seed = Long.parseLong(args[2]);
    long end = System.nanoTime() + (long) (Double.parseDouble(args[3]) * 1e9);
    int[] structure = structure(whole);
    int read = 0;
    int run = 0;
    long first = seed;
    for (; System.nanoTime() < end; seed++) {
      Files.writeString(folder.resolve("seed"), Long.toString(seed));
      LiteModel model;
      try {
        model =
            LiteFile.read(
                Files.write(folder.resolve("m.tflite"), mutant(whole, structure, seed)),
                "m.tflite");
      } catch (InvalidModelException e) {
        continue;
      }
      read++;
      run += runs(model, folder) ? 1 : 0;
    }
    System.out.printf("%d mutants, %d read, %d run%n", seed - first, read, run);
  }

  /** Positions with zeros around them: offsets, counts and layouts, and few weights. */
  private static int[] structure(byte[] whole) {
    return IntStream.range(AROUND, whole.length - AROUND)
        .filter(
            i ->
                IntStream.range(i - AROUND, i + AROUND).filter(j -> whole[j] == 0).count()
                    >= AROUND)
        .toArray();
  }

  static byte[] mutant(byte[] whole, int[] structure, long seed) {
    byte[] mutant = whole.clone();
    // Spread, since neighbouring seeds begin alike.
    Random random = new Random(seed * 0x9E3779B97F4A7C15L);
    int changes = 1 + random.nextInt(MOST_CHANGES);
    for (int c = 0; c < changes; c++) {
      mutant[structure[random.nextInt(structure.length)]] = (byte) random.nextInt(256);
    }
    return mutant;
  }

  /** Whether the runtime computes something, and does not refuse. */
  private static boolean runs(LiteModel model, Path folder) throws IOException {
    TreeMap<String, Tensor> inputs = new TreeMap<>();
    for (LiteTensor input : model.inputs()) {
      long bytes = input.dtype().map(type -> type.byteSize(input.shape().size())).orElse(0L);
      if (bytes > 1 << 24 || input.dtype().isEmpty()) {
        return false;
      }
      inputs.put(
          input.name(),
          Tensor.of(input.dtype().get(), input.shape(), ByteBuffer.allocate((int) bytes)));
    }
    try (Session session =
        LiteRuntime.INSTANCE.open(
            LiteFloatModel.of(model).writeLocal(folder, folder), InferenceOptions.of(1))) {
      session
          .comparing(List.copyOf(session.comparableOutputs().keySet()))
          .run(List.of(new Sample(inputs)), (name, floats, shape) -> {});
      return true;
    } catch (InferenceException | IllegalArgumentException e) {
      return false;
    }
  }
}
