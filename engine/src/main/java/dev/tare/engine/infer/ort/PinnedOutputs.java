package dev.tare.engine.infer.ort;

import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import dev.tare.engine.tensor.Shape;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Buffers outside the heap into which ONNX Runtime writes float32 outputs; reused. */
final class PinnedOutputs {

  /** A byte of a NaN that no operator produces. */
  private static final byte UNTOUCHED = (byte) 0xFF;

  private final Map<String, ByteBuffer> buffers = new HashMap<>();

  /** Returns a tensor over the buffer of an output, which has at least one value. */
  OnnxTensor pin(String output, Shape shape) throws OrtException {
    int bytes = bytes(shape);
    ByteBuffer buffer = grow(buffers, output, bytes).limit(bytes);
    return OnnxTensor.createTensor(
        OrtRuntime.environment(), buffer, shape.toArray(), OnnxJavaType.FLOAT);
  }

  /** Returns the values written into the buffer of an output. */
  ByteBuffer values(String output, Shape shape) {
    ByteBuffer values = buffers.get(output).duplicate().clear();
    values.limit(bytes(shape));
    return values.slice().order(ByteOrder.nativeOrder());
  }

  /**
   * Returns the outputs whose buffers a run leaves unwritten, including those without values and
   * those that are not float32 tensors.
   */
  Set<String> unwritten(
      OrtSession session,
      SessionNames names,
      Map<String, OnnxTensor> inputs,
      List<String> outputs,
      List<Shape> shapes,
      Set<String> floats)
      throws OrtException {
    Map<String, OnnxTensor> pinned = new LinkedHashMap<>();
    Set<String> untouched = new HashSet<>();
    try {
      for (int i = 0; i < outputs.size(); i++) {
        String output = outputs.get(i);
        if (shapes.get(i).size() == 0 || !floats.contains(output)) {
          untouched.add(output);
          continue;
        }
        pinned.put(names.inSession(output), pin(output, shapes.get(i)));
        ByteBuffer values = values(output, shapes.get(i));
        while (values.hasRemaining()) {
          values.put(UNTOUCHED);
        }
      }
      if (!pinned.isEmpty()) {
        session.run(inputs, pinned).close();
      }
      for (int i = 0; i < outputs.size(); i++) {
        if (pinned.containsKey(names.inSession(outputs.get(i)))
            && untouched(outputs.get(i), shapes.get(i))) {
          untouched.add(outputs.get(i));
        }
      }
    } finally {
      pinned.values().forEach(OnnxTensor::close);
    }
    return untouched;
  }

  private boolean untouched(String output, Shape shape) {
    ByteBuffer values = values(output, shape);
    boolean same = true;
    while (same && values.hasRemaining()) {
      same = values.get() == UNTOUCHED;
    }
    return same;
  }

  private static int bytes(Shape shape) {
    return Math.toIntExact(Math.multiplyExact(shape.size(), 4L));
  }

  /** Returns a cleared buffer of at least the requested size; it grows by half, so rarely. */
  static ByteBuffer grow(Map<String, ByteBuffer> buffers, String name, int bytes) {
    ByteBuffer buffer = buffers.get(name);
    if (buffer == null || buffer.capacity() < bytes) {
      int capacity = buffer == null ? bytes : (int) Math.min(Integer.MAX_VALUE, bytes * 3L / 2);
      buffer = ByteBuffer.allocateDirect(Math.max(capacity, 1)).order(ByteOrder.nativeOrder());
      buffers.put(name, buffer);
    }
    return buffer.clear();
  }
}
