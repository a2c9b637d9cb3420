package dev.tare.jobs.formats;

import dev.tare.engine.infer.InferenceException;
import dev.tare.engine.infer.InferenceOptions;
import dev.tare.engine.infer.ModelRuntime;
import dev.tare.engine.infer.OutputKind;
import dev.tare.engine.infer.Runner;
import dev.tare.engine.infer.Session;
import dev.tare.engine.infer.TensorSink;
import dev.tare.engine.model.ModelFile;
import dev.tare.engine.tensor.Sample;
import dev.tare.engine.tensor.Shape;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;

/** Runs layers in plain Java. */
final class LinearRuntime implements ModelRuntime {

  static final LinearRuntime INSTANCE = new LinearRuntime();

  private LinearRuntime() {}

  @Override
  public Session open(ModelFile model, InferenceOptions options) {
    try {
      return new Opened(LinearModel.read(model.file(), "layers"));
    } catch (IOException e) {
      throw new InferenceException("Cannot read " + model.file(), e);
    }
  }

  @Override
  public String name() {
    return "Plain Java";
  }

  @Override
  public String version() {
    return "0.1";
  }

  private record Opened(LinearModel model) implements Session {

    @Override
    public Set<String> inputs() {
      return Set.of(model.layers().get(0).input());
    }

    @Override
    public SortedSet<String> floatOutputs() {
      return new TreeSet<>(model.given());
    }

    @Override
    public SortedSet<String> otherOutputs() {
      return new TreeSet<>();
    }

    @Override
    public SortedMap<String, OutputKind> comparableOutputs() {
      SortedMap<String, OutputKind> kinds = new TreeMap<>();
      model.given().forEach(output -> kinds.put(output, OutputKind.FLOAT));
      return kinds;
    }

    @Override
    public Runner runner(List<String> outputs) {
      return new Layers(model, outputs);
    }

    @Override
    public Runner comparing(List<String> outputs) {
      return runner(outputs);
    }

    @Override
    public void close() {}
  }

  private record Layers(LinearModel model, List<String> outputs) implements Runner {

    @Override
    public void run(List<Sample> batch, TensorSink sink) {
      Map<String, ByteBuffer> made = new HashMap<>();
      for (Sample sample : batch) {
        String input = model.layers().get(0).input();
        float[] x = sample.inputs().get(input).toFloatArray();
        put(made, batch.size(), input, x);
        for (Layer layer : model.layers()) {
          x = layer.apply(x, layer.weight(), layer.bias());
          put(made, batch.size(), layer.output(), x);
        }
      }
      for (String output : outputs) {
        ByteBuffer floats = made.get(output).flip();
        long width = floats.remaining() / Float.BYTES / batch.size();
        sink.accept(output, floats, Shape.of(batch.size(), width));
      }
    }

    private static void put(Map<String, ByteBuffer> made, int rows, String tensor, float[] row) {
      ByteBuffer all =
          made.computeIfAbsent(
              tensor,
              name ->
                  ByteBuffer.allocateDirect(rows * row.length * Float.BYTES)
                      .order(ByteOrder.nativeOrder()));
      for (float value : row) {
        all.putFloat(value);
      }
    }

    @Override
    public void requireEqualShapes() {}
  }
}
