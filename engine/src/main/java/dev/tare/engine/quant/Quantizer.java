package dev.tare.engine.quant;

import dev.tare.engine.tensor.DType;
import dev.tare.engine.tensor.Shape;
import dev.tare.engine.tensor.Tensor;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.List;
import java.util.OptionalInt;

/**
 * Turns float32 tensors into integers and back, with one scale for the tensor or one for each index
 * along any axis.
 *
 * <p>Laws, those of ONNX QuantizeLinear and DequantizeLinear: {@code q = saturate(rint(x / scale) +
 * zeroPoint)} with a float32 division rounded half to even, and {@code x = (q - zeroPoint) * scale}
 * in float32. Saturation is to the limits of the type, not to those the scale was made for; unless
 * {@link Limits} are passed, which a weight with a narrow or reduced range needs. Infinities
 * saturate. For INT32 (biases) the division is in float64, as ONNX Runtime has it.
 *
 * <p>NaN has no integer: ONNX leaves it open, and here it is refused.
 *
 * <p>Wherever {@code params} and {@code axis} stand together: one entry for each index along the
 * axis, or a single one and no axis; all of one type. Time is linear, memory that of the result.
 */
public final class Quantizer {

  private static final int CHUNK = 4096;

  private Quantizer() {}

  /** Quantizes a whole FLOAT32 tensor with saturation to the type's limits. */
  public static Tensor quantize(Tensor x, List<QuantParams> params, OptionalInt axis) {
    return quantize(x, params, axis, limits(params));
  }

  /**
   * Quantizes a whole FLOAT32 tensor.
   *
   * @return a tensor of the same shape and of the parameters' type
   * @throws IllegalArgumentException if parameters do not match the axis, or a value is NaN
   * @throws IllegalStateException if the tensor is not FLOAT32
   */
  public static Tensor quantize(
      Tensor x, List<QuantParams> params, OptionalInt axis, Limits limits) {
    FloatBuffer in = x.floats();
    DType type = type(params);
    ByteBuffer out = allocate(x.shape(), type);
    quantizeSlice(in, out, 0, x.shape(), params, axis, limits);
    return Tensor.of(type, x.shape(), out.flip());
  }

  /** Quantizes a piece of a tensor with saturation to the type's limits. */
  public static void quantizeSlice(
      FloatBuffer in,
      ByteBuffer out,
      long offset,
      Shape shape,
      List<QuantParams> params,
      OptionalInt axis) {
    quantizeSlice(in, out, offset, shape, params, axis, limits(params));
  }

  /**
   * Quantizes a flat row-major piece of a tensor: the pieces of any split, joined, are the bytes of
   * the whole.
   *
   * @param in the values of the piece: all that remain; advanced
   * @param out receives the integers, little-endian whatever its order; advanced
   * @param offset flat index of the first value in the tensor
   * @param shape shape of the whole tensor
   * @throws IllegalArgumentException if parameters do not match the axis, the piece lies outside
   *     the shape, the output is too small, or a value is NaN; only then may output be written
   */
  public static void quantizeSlice(
      FloatBuffer in,
      ByteBuffer out,
      long offset,
      Shape shape,
      List<QuantParams> params,
      OptionalInt axis,
      Limits limits) {
    int length = in.remaining();
    ChannelRuns runs = ChannelRuns.of(shape, params, axis, limits, offset, length);
    int width = type(params).bytes();
    if (out.remaining() < (long) length * width) {
      throw new IllegalArgumentException(
          "Cannot quantize %d values of %d bytes: room for %d bytes"
              .formatted(length, width, out.remaining()));
    }
    float[] values = new float[Math.min(CHUNK, length)];
    byte[] bytes = new byte[values.length * width];
    ByteBuffer wide = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    for (int done = 0; done < length; done += values.length) {
      int n = Math.min(values.length, length - done);
      in.get(values, 0, n);
      boolean numbers =
          width == 1
              ? runs.next(n, (k, c, from, to) -> k.quantize(values, c, from, to, bytes))
              : runs.next(n, (k, c, from, to) -> k.quantizeWide(values, c, from, to, wide));
      if (!numbers) {
        throw notANumber(values, n, offset + done);
      }
      out.put(bytes, 0, n * width);
    }
  }

  /**
   * The real numbers behind a quantized tensor.
   *
   * @return a FLOAT32 tensor of the same shape
   * @throws IllegalArgumentException if parameters do not match the axis or the tensor's type
   */
  public static Tensor dequantize(Tensor q, List<QuantParams> params, OptionalInt axis) {
    Shape shape = q.shape();
    ChannelRuns runs = ChannelRuns.of(shape, params, axis, limits(params), 0, shape.size());
    if (q.dtype() != type(params)) {
      throw new IllegalArgumentException(
          "Cannot dequantize a tensor of %s with parameters of %s"
              .formatted(q.dtype(), type(params)));
    }
    ByteBuffer in = q.bytes();
    ByteBuffer out = allocate(shape, DType.FLOAT32);
    FloatBuffer floats = out.asFloatBuffer();
    float[] values = new float[(int) Math.min(CHUNK, shape.size())];
    int[] integers = new int[values.length];
    while (floats.hasRemaining()) {
      int n = Math.min(values.length, floats.remaining());
      for (int i = 0; i < n; i++) {
        integers[i] = next(in, q.dtype());
      }
      runs.next(
          n,
          (k, c, from, to) -> {
            k.real(integers, c, from, to, values);
            return true;
          });
      floats.put(values, 0, n);
    }
    return Tensor.of(DType.FLOAT32, shape, out);
  }

  /** Fake-quantizes with saturation to the type's limits. */
  public static Tensor fakeQuantize(Tensor x, List<QuantParams> params, OptionalInt axis) {
    return fakeQuantize(x, params, axis, limits(params));
  }

  /**
   * Quantizes and dequantizes without the integers in between: bit for bit {@code
   * dequantize(quantize(x))}.
   *
   * @return a FLOAT32 tensor of the same shape
   * @throws IllegalArgumentException if parameters do not match the axis, or a value is NaN
   * @throws IllegalStateException if the tensor is not FLOAT32
   */
  public static Tensor fakeQuantize(
      Tensor x, List<QuantParams> params, OptionalInt axis, Limits limits) {
    Shape shape = x.shape();
    FloatBuffer in = x.floats();
    ChannelRuns runs = ChannelRuns.of(shape, params, axis, limits, 0, shape.size());
    ByteBuffer out = allocate(shape, DType.FLOAT32);
    FloatBuffer floats = out.asFloatBuffer();
    float[] values = new float[(int) Math.min(CHUNK, shape.size())];
    while (in.hasRemaining()) {
      int done = in.position();
      int n = Math.min(values.length, in.remaining());
      in.get(values, 0, n);
      if (!runs.next(n, (k, c, from, to) -> k.fake(values, c, from, to))) {
        throw notANumber(values, n, done);
      }
      floats.put(values, 0, n);
    }
    return Tensor.of(DType.FLOAT32, shape, out);
  }

  private static DType type(List<QuantParams> params) {
    return first(params).type().dtype();
  }

  private static Limits limits(List<QuantParams> params) {
    return Limits.of(first(params).type());
  }

  private static QuantParams first(List<QuantParams> params) {
    if (params.isEmpty()) {
      throw new IllegalArgumentException("Cannot quantize without parameters");
    }
    return params.get(0);
  }

  private static ByteBuffer allocate(Shape shape, DType type) {
    int bytes = Math.toIntExact(Math.multiplyExact(shape.size(), (long) type.bytes()));
    return ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }

  private static int next(ByteBuffer in, DType type) {
    if (type == DType.INT32) {
      return in.getInt();
    }
    return type == DType.INT8 ? in.get() : in.get() & 0xff;
  }

  private static IllegalArgumentException notANumber(float[] values, int length, long offset) {
    int i = 0;
    while (i < length - 1 && !Float.isNaN(values[i])) {
      i++;
    }
    return new IllegalArgumentException("Cannot quantize NaN at flat index " + (offset + i));
  }
}
