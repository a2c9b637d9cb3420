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
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.IntStream;

/**
 * Changes bytes of .tflite files by seeds, each file in turn, and lets the native runtime open and
 * run what the reader accepts. A crash ends the process; the file {@code seed} in the folder then
 * has the seed that did it, and {@code m.tflite} is the mutant. It is a program of its own so that
 * a test survives:
 *
 * <pre>
 * Mutants FOLDER FIRST_SEED SECONDS FILE...
 * </pre>
 */
final class Mutants {

  private static final int MOST_CHANGES = 4;
  private static final int AROUND = 4;
  private static final int FIRST_FILE = 3;

  private Mutants() {}

  public static void main(String[] args) throws IOException {
    Path folder = Path.of(args[0]);
    long seed = Long.parseLong(args[1]);
    List<Original> originals = new ArrayList<>();
    for (String file : List.of(args).subList(FIRST_FILE, args.length)) {
      originals.add(new Original(Files.readAllBytes(Path.of(file))));
    }
    long end = System.nanoTime() + (long) (Double.parseDouble(args[2]) * 1e9);
    int read = 0;
    int run = 0;
    long first = seed;
    double slowest = 0;
    for (; System.nanoTime() < end; seed++) {
      Original original = originals.get((int) (seed % originals.size()));
      Files.writeString(folder.resolve("seed"), Long.toString(seed));
      LiteModel model;
      try {
        model =
            LiteFile.read(
                Files.write(folder.resolve("m.tflite"), original.mutant(seed)), "m.tflite");
      } catch (InvalidModelException e) {
        continue;
      }
      read++;
      long begin = System.nanoTime();
      run += runs(model, folder) ? 1 : 0;
      slowest = Math.max(slowest, (System.nanoTime() - begin) / 1e9);
    }
    System.out.printf(
        Locale.ROOT,
        "%d mutants, %d read, %d run, the slowest in %.1f s%n",
        seed - first,
        read,
        run,
        slowest);
  }

  /** A file to change. */
  private static final class Original {

    private final byte[] whole;

    /** Positions with zeros around them: offsets, counts and layouts, and few weights. */
    private final int[] structure;

    Original(byte[] whole) {
      this.whole = whole;
      int[] zeros = new int[whole.length + 1];
      for (int i = 0; i < whole.length; i++) {
        zeros[i + 1] = zeros[i] + (whole[i] == 0 ? 1 : 0);
      }
      this.structure =
          IntStream.range(AROUND, whole.length - AROUND)
              .filter(i -> zeros[i + AROUND] - zeros[i - AROUND] >= AROUND)
              .toArray();
    }

    byte[] mutant(long seed) {
      byte[] mutant = whole.clone();
      // Spread, since neighbouring seeds begin alike.
      Random random = new Random(seed * 0x9E3779B97F4A7C15L);
      int changes = 1 + random.nextInt(MOST_CHANGES);
      for (int c = 0; c < changes; c++) {
        mutant[structure[random.nextInt(structure.length)]] = (byte) random.nextInt(256);
      }
      return mutant;
    }
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
