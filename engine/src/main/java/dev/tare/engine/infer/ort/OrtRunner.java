package dev.tare.engine.infer.ort;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import dev.tare.engine.infer.InferenceException;
import dev.tare.engine.infer.Runner;
import dev.tare.engine.infer.TensorSink;
import dev.tare.engine.tensor.Sample;
import dev.tare.engine.tensor.Shape;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Runs batches through a model and passes its outputs to a sink without copying them to the heap.
 *
 * <p>Not thread-safe; confined to one task. Output buffers outside the heap are reused from batch
 * to batch: ONNX Runtime writes into them directly as soon as the shapes of the outputs are known,
 * which is when a batch of the same input shapes has run before. If a later batch of these shapes
 * yields another shape, because rows are chosen by value, ONNX Runtime refuses the buffer: the
 * batch runs again without it, and the output is copied from then on. Outputs that ONNX Runtime
 * does not compute, such as an input that is also an output, are copied too: their buffers stay
 * unwritten, which a trial run detects.
 */
final class OrtRunner implements Runner {

  private final OrtSession session;
  private final OrtSession.RunOptions quiet;
  private final SessionNames names;
  private final String model;
  private final List<String> outputs;
  private final Set<String> floats;
  private final CopiedOutputs copied;
  private final BatchFeed feed;
  private final PinnedOutputs pinned = new PinnedOutputs();
  private final Map<String, List<Shape>> shapesByInput = new HashMap<>();
  private final SortedMap<String, String> varying = new TreeMap<>();

  /**
   * @param quiet options for runs whose failure is not logged; owned and closed by the session
   * @param floats outputs that are float32 tensors; all others are copied
   * @param batchAxes batch axis of each input
   * @param copied outputs to copy, shared by the runners of the session
   */
  OrtRunner(
      OrtSession session,
      OrtSession.RunOptions quiet,
      SessionNames names,
      String model,
      List<String> outputs,
      Set<String> floats,
      SortedMap<String, Integer> batchAxes,
      CopiedOutputs copied) {
    this.quiet = quiet;
    this.feed = new BatchFeed(batchAxes);
    this.floats = floats;
    this.session = session;
    this.names = names;
    this.model = model;
    this.outputs = outputs;
    this.copied = copied;
  }

  @Override
  public void run(List<Sample> batch, TensorSink sink) {
    if (batch.isEmpty()) {
      throw new IllegalArgumentException("Cannot run an empty batch");
    }
    String key = batch.size() + " " + batch.get(0).shapeKey();
    Map<String, OnnxTensor> inputs = new LinkedHashMap<>();
    try {
      for (String name : batch.get(0).inputs().keySet()) {
        inputs.put(names.inSession(name), feed.input(name, batch));
      }
      List<Shape> shapes = shapesByInput.get(key);
      if (shapes == null) {
        shapes = runCopying(inputs, sink);
        if (!copied.tried()) {
          copied.add(pinned.unwritten(session, names, inputs, outputs, shapes, floats));
        }
        shapesByInput.put(key, shapes);
      } else {
        runPinned(inputs, shapes, sink);
      }
    } catch (OrtException e) {
      throw new InferenceException(
          "ONNX Runtime cannot run model '%s' on a batch of %d with %s: %s"
              .formatted(model, batch.size(), batch.get(0).shapeKey().trim(), e.getMessage()),
          e);
    } finally {
      inputs.values().forEach(OnnxTensor::close);
    }
  }

  private List<Shape> runCopying(Map<String, OnnxTensor> inputs, TensorSink sink)
      throws OrtException {
    List<Shape> shapes = new ArrayList<>(outputs.size());
    try (OrtSession.Result result =
        session.run(inputs, names.inSession(new LinkedHashSet<>(outputs)))) {
      for (String output : outputs) {
        shapes.add(copy(result, output, sink));
      }
    }
    return shapes;
  }

  private void runPinned(Map<String, OnnxTensor> inputs, List<Shape> shapes, TensorSink sink)
      throws OrtException {
    Map<String, OnnxTensor> buffers = new LinkedHashMap<>();
    Set<String> others = new LinkedHashSet<>();
    try {
      for (int i = 0; i < outputs.size(); i++) {
        if (!floats.contains(outputs.get(i))
            || copied.contains(outputs.get(i))
            || shapes.get(i).size() == 0) {
          others.add(outputs.get(i));
        } else {
          buffers.put(names.inSession(outputs.get(i)), pinned.pin(outputs.get(i), shapes.get(i)));
        }
      }
      runInto(buffers, others, inputs, shapes, sink);
    } finally {
      buffers.values().forEach(OnnxTensor::close);
    }
  }

  private void runInto(
      Map<String, OnnxTensor> buffers,
      Set<String> others,
      Map<String, OnnxTensor> inputs,
      List<Shape> shapes,
      TensorSink sink)
      throws OrtException {
    List<Shape> found = new ArrayList<>(shapes);
    try (OrtSession.Result result = session.run(inputs, names.inSession(others), buffers, quiet)) {
      for (int i = 0; i < outputs.size(); i++) {
        String output = outputs.get(i);
        if (others.contains(output)) {
          found.set(i, copy(result, output, sink));
        } else {
          sink.accept(output, pinned.values(output, shapes.get(i)), shapes.get(i));
        }
      }
      noteVarying(shapes, found);
    } catch (OrtException e) {
      if (buffers.isEmpty()) {
        throw e;
      }
      found = runCopying(inputs, sink);
      // If no shape differs, the cause is unknown: then buffers are not used again.
      copied.add(noteVarying(shapes, found) ? varying.keySet() : names.inModel(buffers.keySet()));
    }
  }

  /** Marks outputs whose shapes differ as copied; returns whether there are any. */
  private boolean noteVarying(List<Shape> before, List<Shape> now) {
    boolean differ = false;
    for (int i = 0; i < outputs.size(); i++) {
      if (!before.get(i).equals(now.get(i))) {
        varying.putIfAbsent(outputs.get(i), before.get(i) + " and " + now.get(i));
        differ = true;
      }
    }
    return differ;
  }

  @Override
  public void requireEqualShapes() {
    for (Map.Entry<String, String> output : varying.entrySet()) {
      throw new InferenceException(
          "The shape of '%s' in model '%s' depends on values: %s for batches of equal shapes; its samples must run one at a time (a batch size of 1)"
              .formatted(output.getKey(), model, output.getValue()));
    }
  }

  private Shape copy(OrtSession.Result result, String output, TensorSink sink) throws OrtException {
    return OutputValues.read(output, result.get(names.inSession(output)).orElseThrow(), sink);
  }
}
