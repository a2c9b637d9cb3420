package dev.tare.engine.infer.ort;

import ai.onnxruntime.MapInfo;
import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OnnxMap;
import ai.onnxruntime.OnnxSequence;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OnnxValue;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.SequenceInfo;
import ai.onnxruntime.TensorInfo;
import ai.onnxruntime.ValueInfo;
import dev.tare.engine.infer.InferenceException;
import dev.tare.engine.infer.OutputKind;
import dev.tare.engine.infer.TensorSink;
import dev.tare.engine.tensor.Shape;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.DoubleBuffer;
import java.nio.FloatBuffer;
import java.nio.LongBuffer;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;

/** Converts outputs of every comparable type to floats or labels. */
final class OutputValues {

  private OutputValues() {}

  /** Returns the kind of an output; empty for a type that cannot be compared. */
  static Optional<OutputKind> kind(ValueInfo info) {
    if (info instanceof TensorInfo tensor) {
      return switch (tensor.type) {
        case FLOAT -> Optional.of(OutputKind.FLOAT);
        case DOUBLE, FLOAT16, BFLOAT16 -> Optional.of(OutputKind.NUMBERS);
        case INT8, UINT8, INT16, INT32, INT64, BOOL, STRING -> Optional.of(OutputKind.LABELS);
        default -> Optional.empty();
      };
    }
    if (info instanceof SequenceInfo sequence && sequence.sequenceOfMaps) {
      MapInfo map = sequence.mapInfo;
      boolean numbers = map.valueType == OnnxJavaType.FLOAT || map.valueType == OnnxJavaType.DOUBLE;
      return numbers ? Optional.of(OutputKind.NUMBERS) : Optional.empty();
    }
    return Optional.empty();
  }

  /** Passes a value to the sink; returns its shape. */
  static Shape read(String output, OnnxValue value, TensorSink sink) throws OrtException {
    if (value instanceof OnnxSequence sequence) {
      return maps(output, sequence, sink);
    }
    OnnxTensor tensor = (OnnxTensor) value;
    Shape shape = Shape.of(tensor.getInfo().getShape());
    int size = Math.toIntExact(shape.size());
    switch (tensor.getInfo().type) {
      case FLOAT -> {
        ByteBuffer values = size == 0 ? ByteBuffer.allocate(0) : tensor.getByteBuffer().slice();
        sink.accept(output, values.order(ByteOrder.nativeOrder()), shape);
      }
      case FLOAT16, BFLOAT16 -> {
        ByteBuffer bytes = floats(size);
        if (size > 0) {
          bytes.asFloatBuffer().put(tensor.getFloatBuffer());
        }
        sink.accept(output, bytes, shape);
      }
      case DOUBLE -> {
        ByteBuffer bytes = floats(size);
        DoubleBuffer doubles = size == 0 ? DoubleBuffer.allocate(0) : tensor.getDoubleBuffer();
        for (int i = 0; i < size; i++) {
          bytes.putFloat(4 * i, (float) doubles.get(i));
        }
        sink.accept(output, bytes, shape);
      }
      default -> sink.labels(output, labels(tensor, size), shape);
    }
    return shape;
  }

  private static ByteBuffer floats(int size) {
    return ByteBuffer.allocate(Math.multiplyExact(size, 4)).order(ByteOrder.nativeOrder());
  }

  private static LongBuffer labels(OnnxTensor tensor, int size) throws OrtException {
    LongBuffer labels = LongBuffer.allocate(size);
    if (size == 0) {
      return labels;
    }
    switch (tensor.getInfo().type) {
      case INT64 -> labels.put(tensor.getLongBuffer());
      case STRING -> TextLabels.put(tensor.getValue(), labels);
      default -> {
        ByteBuffer bytes = tensor.getByteBuffer().order(ByteOrder.nativeOrder());
        for (int i = 0; i < size; i++) {
          labels.put(
              switch (tensor.getInfo().type) {
                case INT32 -> bytes.getInt(4 * i);
                case INT16 -> bytes.getShort(2 * i);
                default -> bytes.get(i);
              });
        }
      }
    }
    return labels.flip();
  }

  /** One row for each map, its values in the order of the keys, which are those of all maps. */
  private static Shape maps(String output, OnnxSequence sequence, TensorSink sink)
      throws OrtException {
    List<? extends OnnxValue> maps = sequence.getValue();
    FloatBuffer values = FloatBuffer.allocate(0);
    int width = 0;
    try {
      for (int i = 0; i < maps.size(); i++) {
        Collection<?> row = new TreeMap<>(((OnnxMap) maps.get(i)).getValue()).values();
        if (i == 0) {
          width = row.size();
          values = FloatBuffer.allocate(Math.multiplyExact(width, maps.size()));
        }
        if (row.size() != width) {
          throw new InferenceException(
              "Output '%s' is a sequence of maps of %d and of %d values"
                  .formatted(output, width, row.size()));
        }
        for (Object value : row) {
          values.put(((Number) value).floatValue());
        }
      }
    } finally {
      maps.forEach(OnnxValue::close);
    }
    values.flip();
    Shape shape = Shape.of(maps.size(), width);
    ByteBuffer bytes = floats(values.remaining());
    bytes.asFloatBuffer().put(values);
    sink.accept(output, bytes, shape);
    return shape;
  }
}
