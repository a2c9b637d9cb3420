package dev.tare.engine.infer.lite;

import static org.bytedeco.tensorflowlite.global.tensorflowlite.TfLiteModelCreateFromFile;
import static org.bytedeco.tensorflowlite.global.tensorflowlite.TfLiteModelDelete;

import dev.tare.engine.infer.InferenceException;
import dev.tare.engine.infer.OutputKind;
import dev.tare.engine.infer.Runner;
import dev.tare.engine.infer.Session;
import java.nio.file.Path;
import java.util.Collections;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import org.bytedeco.tensorflowlite.TfLiteModel;

/**
 * A model that TensorFlow Lite mapped into memory. Thread-safe: every thread has an interpreter of
 * its own, which all its runners use in turn, so tasks that follow each other on a thread need no
 * new one. Those of threads that ended are deleted when the next thread asks.
 */
final class LiteSession implements Session {

  private final String name;
  private final TfLiteModel model;
  private final int threads;
  private final Map<Thread, Interpreter> interpreters = new HashMap<>();
  private final Set<String> inputs;
  private final Map<String, Integer> outputs;
  private final SortedMap<String, OutputKind> comparable = new TreeMap<>();
  private boolean closed;

  private LiteSession(String name, TfLiteModel model, int threads) {
    this.name = name;
    this.model = model;
    this.threads = threads;
    Interpreter first = interpreter();
    this.inputs = Set.copyOf(first.inputs().keySet());
    this.outputs = Map.copyOf(first.outputs());
    outputs.forEach(
        (output, index) ->
            LiteValues.kind(first.output(index)).ifPresent(kind -> comparable.put(output, kind)));
  }

  static LiteSession open(Path file, int threads) {
    String name = String.valueOf(file.getFileName());
    TfLiteModel model = TfLiteModelCreateFromFile(file.toString());
    if (model == null || model.isNull()) {
      throw new InferenceException("TensorFlow Lite cannot load model '%s'".formatted(name));
    }
    return new LiteSession(name, model, threads);
  }

  /** The interpreter of the calling thread. */
  synchronized Interpreter interpreter() {
    if (closed) {
      throw new InferenceException("Model '%s' is closed".formatted(name));
    }
    Iterator<Map.Entry<Thread, Interpreter>> all = interpreters.entrySet().iterator();
    while (all.hasNext()) {
      Map.Entry<Thread, Interpreter> entry = all.next();
      if (!entry.getKey().isAlive()) {
        entry.getValue().close();
        all.remove();
      }
    }
    return interpreters.computeIfAbsent(
        Thread.currentThread(), thread -> new Interpreter(name, model, threads));
  }

  @Override
  public Set<String> inputs() {
    return inputs;
  }

  @Override
  public SortedSet<String> floatOutputs() {
    SortedSet<String> floats = new TreeSet<>();
    comparable.forEach(
        (output, kind) -> {
          if (kind == OutputKind.FLOAT) {
            floats.add(output);
          }
        });
    return floats;
  }

  @Override
  public SortedSet<String> otherOutputs() {
    SortedSet<String> others = new TreeSet<>(outputs.keySet());
    others.removeAll(floatOutputs());
    return others;
  }

  @Override
  public SortedMap<String, OutputKind> comparableOutputs() {
    return Collections.unmodifiableSortedMap(comparable);
  }

  @Override
  public Runner runner(List<String> wanted) {
    SortedSet<String> floats = floatOutputs();
    for (String output : wanted) {
      if (!floats.contains(output)) {
        throw new IllegalArgumentException(
            "Model '%s' has no float32 output '%s'".formatted(name, output));
      }
    }
    return comparing(wanted);
  }

  @Override
  public Runner comparing(List<String> wanted) {
    for (String output : wanted) {
      if (!comparable.containsKey(output)) {
        throw new IllegalArgumentException(
            "Model '%s' has no output '%s' that can be compared".formatted(name, output));
      }
    }
    return new LiteRunner(name, this, List.copyOf(wanted));
  }

  @Override
  public synchronized void close() {
    if (!closed) {
      closed = true;
      interpreters.values().forEach(Interpreter::close);
      interpreters.clear();
      TfLiteModelDelete(model);
    }
  }
}
