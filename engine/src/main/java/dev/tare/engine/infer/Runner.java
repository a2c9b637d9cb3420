package dev.tare.engine.infer;

import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import dev.tare.engine.tensor.DType;
import dev.tare.engine.tensor.Sample;
import dev.tare.engine.tensor.Shape;
import dev.tare.engine.tensor.Tensor;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentMap;

/**
 * Runs batches through a model and hands out its tensors without copying them to the heap.
 *
 * <p>Not thread-safe; confined to one task. Output buffers outside the heap are reused from batch
 * to batch: ONNX Runtime writes into them directly as soon as the shapes of the outputs are known,
 * which is when a batch of the same input shapes has run before. Outputs that ONNX Runtime does not
 * compute, such as an input of the model that is also an output, it leaves unwritten; those are
 * found out by a trial run and always copied.
 */
public final class Runner {

  /** A byte of a NaN that no operator yields. */
  private static final byte UNTOUCHED = (byte) 0xFF;

  private final OrtSession session;
  private final String model;
  private final List<String> outputs;
  private final LinkedHashSet<String> outputSet;
  private final Map<String, ByteBuffer> inputBuffers = new HashMap<>();
  private final Map<String, ByteBuffer> outputBuffers = new HashMap<>();
  private final Map<String, List<Shape>> shapesByInput = new HashMap<>();
  private final ConcurrentMap<List<String>, Set<String>> unwrittenByOutputs;

  /**
   * @param unwrittenByOutputs what trial runs of the session found, shared by its runners
   */
  Runner(
      OrtSession session,
      String model,
      List<String> outputs,
      ConcurrentMap<List<String>, Set<String>> unwrittenByOutputs) {
    this.unwrittenByOutputs = unwrittenByOutputs;
    this.session = session;
    this.model = model;
    this.outputs = outputs;
    this.outputSet = new LinkedHashSet<>(outputs);
  }

  /**
   * Runs samples of equal shapes as one batch along a new outermost dimension.
   *
   * @param batch at least one sample; all with the same {@link Sample#shapeKey}
   * @throws IllegalArgumentException if the batch is empty or its shapes differ
   * @throws InferenceException if ONNX Runtime cannot run it
   */
  public void run(List<Sample> batch, TensorSink sink) {
    if (batch.isEmpty()) {
      throw new IllegalArgumentException("Cannot run an empty batch");
    }
    String key = batch.size() + " " + batch.get(0).shapeKey();
    Map<String, OnnxTensor> inputs = new LinkedHashMap<>();
    try {
      for (String name : batch.get(0).inputs().keySet()) {
        inputs.put(name, input(name, batch));
      }
      List<Shape> shapes = shapesByInput.get(key);
      if (shapes == null) {
        shapes = runUnpinned(inputs, sink);
        if (!unwrittenByOutputs.containsKey(outputs)) {
          unwrittenByOutputs.put(outputs, unwritten(inputs, shapes));
        }
        shapesByInput.put(key, shapes);
      } else {
        runPinned(inputs, shapes, unwrittenByOutputs.get(outputs), sink);
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

  private OnnxTensor input(String name, List<Sample> batch) throws OrtException {
    Tensor first = batch.get(0).inputs().get(name);
    int bytes = Math.multiplyExact(first.bytes().remaining(), batch.size());
    ByteBuffer buffer = grow(inputBuffers, name, bytes);
    for (Sample sample : batch) {
      Tensor tensor = sample.inputs().get(name);
      if (tensor == null
          || !tensor.shape().equals(first.shape())
          || tensor.dtype() != first.dtype()) {
        throw new IllegalArgumentException(
            "Cannot batch input '%s': %s beside %s".formatted(name, tensor, first));
      }
      buffer.put(tensor.bytes());
    }
    buffer.flip();
    long[] shape = first.shape().batched(batch.size()).toArray();
    return OnnxTensor.createTensor(
        OrtRuntime.environment(), buffer, shape, javaType(first.dtype()));
  }

  private List<Shape> runUnpinned(Map<String, OnnxTensor> inputs, TensorSink sink)
      throws OrtException {
    List<Shape> shapes = new ArrayList<>(outputs.size());
    try (OrtSession.Result result = session.run(inputs, outputSet)) {
      for (String output : outputs) {
        OnnxTensor tensor = (OnnxTensor) result.get(output).orElseThrow();
        Shape shape = Shape.of(tensor.getInfo().getShape());
        shapes.add(shape);
        sink.accept(output, tensor.getByteBuffer().order(ByteOrder.nativeOrder()), shape);
      }
    }
    return shapes;
  }

  private void runPinned(
      Map<String, OnnxTensor> inputs, List<Shape> shapes, Set<String> unwritten, TensorSink sink)
      throws OrtException {
    Map<String, OnnxTensor> pinned = new LinkedHashMap<>();
    try {
      for (int i = 0; i < outputs.size(); i++) {
        if (!unwritten.contains(outputs.get(i))) {
          pinned.put(outputs.get(i), pin(outputs.get(i), shapes.get(i)));
        }
      }
      try (OrtSession.Result result = session.run(inputs, unwritten, pinned)) {
        for (int i = 0; i < outputs.size(); i++) {
          String output = outputs.get(i);
          if (unwritten.contains(output)) {
            OnnxTensor tensor = (OnnxTensor) result.get(output).orElseThrow();
            sink.accept(
                output, tensor.getByteBuffer().order(ByteOrder.nativeOrder()), shapes.get(i));
          } else {
            sink.accept(output, pinnedValues(output, shapes.get(i)), shapes.get(i));
          }
        }
      }
    } finally {
      pinned.values().forEach(OnnxTensor::close);
    }
  }

  /** The outputs whose buffers a run leaves as they were. */
  private Set<String> unwritten(Map<String, OnnxTensor> inputs, List<Shape> shapes)
      throws OrtException {
    Map<String, OnnxTensor> pinned = new LinkedHashMap<>();
    Set<String> untouched = new HashSet<>();
    try {
      for (int i = 0; i < outputs.size(); i++) {
        String output = outputs.get(i);
        pinned.put(output, pin(output, shapes.get(i)));
        ByteBuffer values = pinnedValues(output, shapes.get(i));
        while (values.hasRemaining()) {
          values.put(UNTOUCHED);
        }
      }
      session.run(inputs, pinned).close();
      for (int i = 0; i < outputs.size(); i++) {
        ByteBuffer values = pinnedValues(outputs.get(i), shapes.get(i));
        boolean same = true;
        while (same && values.hasRemaining()) {
          same = values.get() == UNTOUCHED;
        }
        if (same) {
          untouched.add(outputs.get(i));
        }
      }
    } finally {
      pinned.values().forEach(OnnxTensor::close);
    }
    return Collections.unmodifiableSet(untouched);
  }

  private OnnxTensor pin(String output, Shape shape) throws OrtException {
    int bytes = Math.toIntExact(Math.multiplyExact(shape.size(), 4L));
    ByteBuffer buffer = grow(outputBuffers, output, bytes).limit(bytes);
    return OnnxTensor.createTensor(
        OrtRuntime.environment(), buffer, shape.toArray(), OnnxJavaType.FLOAT);
  }

  private ByteBuffer pinnedValues(String output, Shape shape) {
    ByteBuffer values = outputBuffers.get(output).duplicate().clear();
    values.limit(Math.toIntExact(shape.size() * 4));
    return values.slice().order(ByteOrder.nativeOrder());
  }

  /** A cleared buffer of at least the size asked for; grows by half again, so rarely. */
  private static ByteBuffer grow(Map<String, ByteBuffer> buffers, String name, int bytes) {
    ByteBuffer buffer = buffers.get(name);
    if (buffer == null || buffer.capacity() < bytes) {
      int capacity = buffer == null ? bytes : (int) Math.min(Integer.MAX_VALUE, bytes * 3L / 2);
      buffer = ByteBuffer.allocateDirect(Math.max(capacity, 1)).order(ByteOrder.nativeOrder());
      buffers.put(name, buffer);
    }
    return buffer.clear();
  }

  private static OnnxJavaType javaType(DType dtype) {
    return switch (dtype) {
      case FLOAT32 -> OnnxJavaType.FLOAT;
      case FLOAT64 -> OnnxJavaType.DOUBLE;
      case INT64 -> OnnxJavaType.INT64;
      case INT32 -> OnnxJavaType.INT32;
      case INT16 -> OnnxJavaType.INT16;
      case INT8 -> OnnxJavaType.INT8;
      case UINT8 -> OnnxJavaType.UINT8;
      case BOOL -> OnnxJavaType.BOOL;
      default -> throw new IllegalArgumentException("Cannot feed an input of type " + dtype);
    };
  }
}
