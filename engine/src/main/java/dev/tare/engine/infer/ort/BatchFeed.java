package dev.tare.engine.infer.ort;

import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtException;
import dev.tare.engine.infer.BatchAxes;
import dev.tare.engine.tensor.DType;
import dev.tare.engine.tensor.Sample;
import dev.tare.engine.tensor.Shape;
import dev.tare.engine.tensor.Tensor;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;

/** Copies samples into the batched inputs of a model, in reused buffers outside the heap. */
final class BatchFeed {

  private final SortedMap<String, Integer> axes;
  private final Map<String, ByteBuffer> buffers = new HashMap<>();

  /**
   * @param axes batch axis of each input; {@link BatchAxes#NONE} for an input without one
   */
  BatchFeed(SortedMap<String, Integer> axes) {
    this.axes = axes;
  }

  /**
   * Creates one input of a batch.
   *
   * @throws IllegalArgumentException if samples differ in type or shape, or there are several
   *     samples for an input without a batch dimension
   */
  OnnxTensor input(String name, List<Sample> batch) throws OrtException {
    Tensor first = batch.get(0).inputs().get(name);
    for (Sample sample : batch) {
      Tensor tensor = sample.inputs().get(name);
      if (tensor == null
          || !tensor.shape().equals(first.shape())
          || tensor.dtype() != first.dtype()) {
        throw new IllegalArgumentException(
            "Cannot batch input '%s': %s beside %s".formatted(name, tensor, first));
      }
    }
    int axis = axes.getOrDefault(name, 0);
    if (axis == BatchAxes.NONE && batch.size() > 1) {
      throw new IllegalArgumentException(
          "Cannot batch input '%s', which has no batch dimension".formatted(name));
    }
    int bytes = Math.multiplyExact(first.bytes().remaining(), batch.size());
    ByteBuffer buffer = PinnedOutputs.grow(buffers, name, bytes);
    fill(buffer, name, batch, Math.max(axis, 0));
    Shape shape =
        axis == BatchAxes.NONE ? first.shape() : batched(first.shape(), axis, batch.size());
    return OnnxTensor.createTensor(
        OrtRuntime.environment(), buffer.flip(), shape.toArray(), javaType(first.dtype()));
  }

  /** With an inner batch axis the parts of all samples alternate. */
  private static void fill(ByteBuffer buffer, String name, List<Sample> batch, int axis) {
    int parts = 1;
    for (int i = 0; i < axis; i++) {
      parts *= Math.toIntExact(batch.get(0).inputs().get(name).shape().dim(i));
    }
    for (int part = 0; part < parts; part++) {
      for (Sample sample : batch) {
        ByteBuffer own = sample.inputs().get(name).bytes();
        int size = own.remaining() / parts;
        buffer.put(own.slice(part * size, size));
      }
    }
  }

  private static Shape batched(Shape shape, int axis, int samples) {
    List<Long> dims = new ArrayList<>(shape.dims());
    dims.add(axis, (long) samples);
    return new Shape(dims);
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
