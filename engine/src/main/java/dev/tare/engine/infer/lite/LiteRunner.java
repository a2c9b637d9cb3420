package dev.tare.engine.infer.lite;

import dev.tare.engine.infer.InferenceException;
import dev.tare.engine.infer.Runner;
import dev.tare.engine.infer.TensorSink;
import dev.tare.engine.tensor.Sample;
import dev.tare.engine.tensor.Shape;
import dev.tare.engine.tensor.Tensor;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import org.bytedeco.tensorflowlite.TfLiteTensor;

/**
 * Runs batches on the interpreter of the calling thread: samples are copied into its inputs, and
 * the sink reads its outputs where they are. Not thread-safe; confined to one task.
 */
final class LiteRunner implements Runner {

  private final String model;
  private final LiteSession session;
  private final List<String> outputs;
  private final Map<String, List<Shape>> shapesByInput = new HashMap<>();
  private final SortedMap<String, String> varying = new TreeMap<>();

  LiteRunner(String model, LiteSession session, List<String> outputs) {
    this.model = model;
    this.session = session;
    this.outputs = outputs;
  }

  @Override
  public void run(List<Sample> batch, TensorSink sink) {
    if (batch.isEmpty()) {
      throw new IllegalArgumentException("Cannot run an empty batch");
    }
    Interpreter interpreter = session.interpreter();
    feed(interpreter, batch);
    try {
      interpreter.invoke();
    } catch (InferenceException e) {
      throw new InferenceException(
          "%s on a batch of %d with %s"
              .formatted(e.getMessage(), batch.size(), batch.get(0).shapeKey().trim()),
          e);
    }
    List<Shape> shapes = new ArrayList<>();
    for (String output : outputs) {
      shapes.add(
          LiteValues.read(output, interpreter.output(interpreter.outputs().get(output)), sink));
    }
    List<Shape> before =
        shapesByInput.putIfAbsent(batch.size() + " " + batch.get(0).shapeKey(), shapes);
    for (int i = 0; before != null && i < shapes.size(); i++) {
      if (!before.get(i).equals(shapes.get(i))) {
        varying.putIfAbsent(outputs.get(i), before.get(i) + " and " + shapes.get(i));
      }
    }
  }

  private void feed(Interpreter interpreter, List<Sample> batch) {
    Map<Integer, Shape> resized = new TreeMap<>();
    interpreter
        .inputs()
        .forEach(
            (name, index) -> {
              Shape now = LiteValues.shape(interpreter.input(index));
              Shape wanted = wanted(name, batch, now.rank());
              if (!wanted.equals(now)) {
                resized.put(index, wanted);
              }
            });
    interpreter.resize(resized);
    interpreter
        .inputs()
        .forEach(
            (name, index) -> {
              TfLiteTensor input = interpreter.input(index);
              List<Tensor> values = batch.stream().map(s -> s.inputs().get(name)).toList();
              LiteValues.fill(model, name, values, input);
            });
  }

  /** The batch is the first axis; an input that has as many axes as a sample has none. */
  private Shape wanted(String name, List<Sample> batch, int rank) {
    Tensor first = batch.get(0).inputs().get(name);
    for (Sample sample : batch) {
      Tensor tensor = sample.inputs().get(name);
      if (tensor == null || !tensor.shape().equals(first.shape())) {
        throw new IllegalArgumentException(
            "Cannot batch input '%s' of model '%s': %s beside %s"
                .formatted(name, model, tensor, first));
      }
    }
    if (first.shape().rank() < rank) {
      return first.shape().batched(batch.size());
    }
    if (batch.size() > 1) {
      throw new IllegalArgumentException(
          "Cannot batch input '%s', which has no batch dimension".formatted(name));
    }
    return first.shape();
  }

  @Override
  public void requireEqualShapes() {
    if (!varying.isEmpty()) {
      String output = varying.firstKey();
      throw new InferenceException(
          "Output '%s' of model '%s' has shapes %s for inputs of equal shapes, so samples of a batch cannot be separated: run with --batch-size 1"
              .formatted(output, model, varying.get(output)));
    }
  }
}
