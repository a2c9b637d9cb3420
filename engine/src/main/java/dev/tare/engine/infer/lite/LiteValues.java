package dev.tare.engine.infer.lite;

import static org.bytedeco.tensorflowlite.global.tensorflowlite.TfLiteTensorByteSize;
import static org.bytedeco.tensorflowlite.global.tensorflowlite.TfLiteTensorData;
import static org.bytedeco.tensorflowlite.global.tensorflowlite.TfLiteTensorDim;
import static org.bytedeco.tensorflowlite.global.tensorflowlite.TfLiteTensorNumDims;
import static org.bytedeco.tensorflowlite.global.tensorflowlite.TfLiteTensorQuantizationParams;
import static org.bytedeco.tensorflowlite.global.tensorflowlite.TfLiteTensorType;

import dev.tare.engine.infer.InferenceException;
import dev.tare.engine.infer.OutputKind;
import dev.tare.engine.infer.TensorSink;
import dev.tare.engine.quant.Granularity;
import dev.tare.engine.quant.QuantParams;
import dev.tare.engine.quant.QuantType;
import dev.tare.engine.quant.Quantizer;
import dev.tare.engine.tensor.DType;
import dev.tare.engine.tensor.Shape;
import dev.tare.engine.tensor.Tensor;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.LongBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.tensorflowlite.TfLiteTensor;

/**
 * Values of inputs and outputs. An integer tensor with a scale is taken for the numbers that it
 * stands for: a float sample is quantized for it, and it is read as float32.
 */
final class LiteValues {

  /** Types by the runtime's numbers, which are those of its C header. */
  private static final Map<Integer, DType> TYPES =
      Map.of(
          1, DType.FLOAT32,
          2, DType.INT32,
          3, DType.UINT8,
          4, DType.INT64,
          6, DType.BOOL,
          7, DType.INT16,
          9, DType.INT8,
          10, DType.FLOAT16,
          11, DType.FLOAT64);

  private static final Map<DType, QuantType> QUANTIZED =
      Map.of(
          DType.INT8, QuantType.INT8, DType.UINT8, QuantType.UINT8, DType.INT16, QuantType.INT16);

  private LiteValues() {}

  private static Optional<DType> type(TfLiteTensor tensor) {
    return Optional.ofNullable(TYPES.get(TfLiteTensorType(tensor)));
  }

  /** The scale of an integer tensor; empty if it has none. */
  private static Optional<QuantParams> params(TfLiteTensor tensor) {
    Optional<QuantType> type = type(tensor).map(QUANTIZED::get);
    if (type.isEmpty()) {
      return Optional.empty();
    }
    var params = TfLiteTensorQuantizationParams(tensor);
    return params.scale() > 0
        ? Optional.of(new QuantParams(type.get(), params.scale(), params.zero_point()))
        : Optional.empty();
  }

  /** Returns the kind of an output; empty for a type that cannot be compared. */
  static Optional<OutputKind> kind(TfLiteTensor tensor) {
    return type(tensor)
        .map(
            type ->
                type == DType.FLOAT32
                    ? OutputKind.FLOAT
                    : type == DType.FLOAT64 || params(tensor).isPresent()
                        ? OutputKind.NUMBERS
                        : OutputKind.LABELS);
  }

  static Shape shape(TfLiteTensor tensor) {
    List<Long> dims = new ArrayList<>();
    for (int i = 0; i < TfLiteTensorNumDims(tensor); i++) {
      dims.add((long) TfLiteTensorDim(tensor, i));
    }
    return new Shape(dims);
  }

  /** The memory of a tensor, valid until the next allocation. */
  private static ByteBuffer memory(TfLiteTensor tensor) {
    long size = TfLiteTensorByteSize(tensor);
    Pointer data = TfLiteTensorData(tensor);
    if (size == 0 || data == null || data.isNull()) {
      return ByteBuffer.allocate(0).order(ByteOrder.nativeOrder());
    }
    return new BytePointer(data).capacity(size).asByteBuffer().order(ByteOrder.nativeOrder());
  }

  /**
   * Copies the samples of a batch one after the other into an input.
   *
   * @throws IllegalArgumentException if the input takes another type
   */
  static void fill(String model, String name, List<Tensor> samples, TfLiteTensor input) {
    ByteBuffer memory = memory(input);
    DType wanted = type(input).orElseThrow();
    Optional<QuantParams> params = params(input);
    for (Tensor sample : samples) {
      Tensor own =
          params.isPresent() && sample.dtype() == DType.FLOAT32
              ? Quantizer.quantize(sample, List.of(params.get()), Granularity.perTensor())
              : sample;
      if (own.dtype() != wanted || memory.remaining() < own.bytes().remaining()) {
        throw new IllegalArgumentException(
            "Cannot feed input '%s' of model '%s': it takes %s, not %s"
                .formatted(name, model, wanted, own));
      }
      memory.put(own.bytes());
    }
    if (memory.hasRemaining()) {
      throw new IllegalArgumentException(
          "Cannot feed input '%s' of model '%s': it takes %d bytes more"
              .formatted(name, model, memory.remaining()));
    }
  }

  /** Passes an output to the sink; returns its shape. */
  static Shape read(String output, TfLiteTensor tensor, TensorSink sink) {
    ByteBuffer memory = memory(tensor);
    Shape shape = shape(tensor);
    DType type = type(tensor).orElseThrow();
    int size = Math.toIntExact(shape.size());
    if (memory.remaining() != type.byteSize(size)) {
      throw new InferenceException(
          "TensorFlow Lite computed no values of output '%s'".formatted(output));
    }
    Optional<QuantParams> params = params(tensor);
    if (type == DType.FLOAT32) {
      sink.accept(output, memory, shape);
    } else if (type == DType.FLOAT64 || params.isPresent()) {
      ByteBuffer floats = ByteBuffer.allocate(4 * size).order(ByteOrder.nativeOrder());
      for (int i = 0; i < size; i++) {
        floats.putFloat(
            params.isPresent()
                ? (integer(memory, type, i) - params.get().zeroPoint()) * params.get().scale()
                : (float) memory.getDouble(8 * i));
      }
      sink.accept(output, floats.flip(), shape);
    } else {
      LongBuffer labels = LongBuffer.allocate(size);
      for (int i = 0; i < size; i++) {
        labels.put(integer(memory, type, i));
      }
      sink.labels(output, labels.flip(), shape);
    }
    return shape;
  }

  private static long integer(ByteBuffer memory, DType type, int index) {
    return switch (type) {
      case INT64 -> memory.getLong(8 * index);
      case INT32 -> memory.getInt(4 * index);
      case INT16, FLOAT16 -> memory.getShort(2 * index);
      case UINT8 -> Byte.toUnsignedInt(memory.get(index));
      default -> memory.get(index);
    };
  }
}
