package dev.tare.engine.infer.lite;

import dev.tare.engine.infer.InferenceOptions;
import dev.tare.engine.infer.Session;
import dev.tare.engine.model.ModelFile;
import dev.tare.engine.tensor.Sample;
import dev.tare.engine.tensor.Shape;
import dev.tare.engine.tensor.Tensor;
import dev.tare.engine.tflite.LiteModels;
import dev.tare.engine.tflite.model.LiteFloatModel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Runs the small network again and again, reading every activation, and prints the resident memory
 * in KB of its own process: once when all code is loaded and compiled, and once after many times as
 * many batches. Every ten batches are a thread of their own, as tasks may be, so interpreters are
 * made and deleted too. A program of its own because other tests would move these figures.
 *
 * <pre>
 * RunMemory FOLDER FIRST_TASKS MORE_TASKS
 * </pre>
 */
final class RunMemory {

  private static final int BATCHES = 10;
  private static final int SIDE = 8;
  private static final int CHANNELS = 3;
  private static final List<String> TENSORS = List.of("x", "conv", "dw", "pool", "flat", "fc");

  private RunMemory() {}

  public static void main(String[] args) throws IOException, InterruptedException {
    Path folder = Path.of(args[0]);
    ModelFile file =
        LiteFloatModel.of(LiteModels.read(LiteModels.FLOAT, folder))
            .exposing(new TreeSet<>(TENSORS))
            .writeLocal(folder, folder);
    try (Session session = LiteRuntime.INSTANCE.open(file, InferenceOptions.of(1))) {
      tasks(session, Integer.parseInt(args[1]));
      System.out.println(residentKilobytes());
      tasks(session, Integer.parseInt(args[2]));
      System.out.println(residentKilobytes());
    }
  }

  private static void tasks(Session session, int count) throws InterruptedException {
    for (int i = 0; i < count; i++) {
      Thread task = new Thread(() -> task(session), "task-" + i);
      task.start();
      task.join();
    }
  }

  private static void task(Session session) {
    float[] values = new float[SIDE * SIDE * CHANNELS];
    Shape shape = Shape.of(SIDE, SIDE, CHANNELS);
    for (int i = 0; i < BATCHES; i++) {
      values[i] = i;
      Sample sample = new Sample(new TreeMap<>(Map.of("x", Tensor.ofFloats(shape, values))));
      session.comparing(TENSORS).run(List.of(sample), (name, floats, dims) -> floats.getFloat());
    }
  }

  /** What is resident now; the peak would not tell memory that is given back from what leaks. */
  private static long residentKilobytes() throws IOException {
    for (String line : Files.readAllLines(Path.of("/proc/self/status"))) {
      if (line.startsWith("VmRSS:")) {
        return Long.parseLong(line.replaceAll("[^0-9]", ""));
      }
    }
    throw new IOException("/proc/self/status has no VmRSS");
  }
}
