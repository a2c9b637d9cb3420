package dev.tare.engine.quant;

import dev.tare.engine.tensor.DType;
import dev.tare.engine.tensor.Shape;
import dev.tare.engine.tensor.Tensor;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.List;

/**
 * Turns float32 tensors into codes of a {@link QuantType} and back, at any {@link Granularity}.
 *
 * <p>Laws, those of ONNX QuantizeLinear and DequantizeLinear: {@code q = saturate(rint(x / scale) +
 * zeroPoint)} with a float32 division rounded half to even, and {@code x = (q - zeroPoint) * scale}
 * in float32. Saturation is to the limits of the type, not to those the scale was computed for,
 * unless {@link Limits} are passed, as a weight with a narrow or reduced range requires. Infinities
 * saturate. {@link Rounding} offers PyTorch's arithmetic instead. INT32 (biases) is computed in
 * float64. Two codes of 4 bits share a byte, the first in the low half.
 *
 * <p>NaN has no integer: ONNX does not define the result, runtimes differ, and here it is refused.
 * Floating-point types keep it: they round and saturate as {@link Float8} does.
 *
 * <p>{@code params} are row-major in {@link Granularity#paramsShape}, all of one type. Cost: linear
 * time, and the memory of the result.
 */
public final class Quantizer {

  private Quantizer() {}

  /** Quantizes a whole FLOAT32 tensor as ONNX does: division, and the type's limits. */
  public static Tensor quantize(Tensor x, List<QuantParams> params, Granularity granularity) {
    return quantize(x, params, granularity, limits(params), Rounding.DIVISION);
  }

  /**
   * Quantizes a whole FLOAT32 tensor.
   *
   * @return a tensor of the same shape and of the parameters' type
   * @throws IllegalArgumentException if parameters do not match the granularity, limits exceed the
   *     type, or a value is NaN and the type integer
   * @throws IllegalStateException if the tensor is not FLOAT32
   */
  public static Tensor quantize(
      Tensor x,
      List<QuantParams> params,
      Granularity granularity,
      Limits limits,
      Rounding rounding) {
    FloatBuffer in = x.floats();
    DType type = type(params);
    ByteBuffer out = allocate(x.shape(), type);
    quantizeSlice(in, out, 0, x.shape(), params, granularity, limits, rounding);
    return Tensor.of(type, x.shape(), out.flip());
  }

  /** Quantizes a piece of a tensor as ONNX does: division, and the type's limits. */
  public static void quantizeSlice(
      FloatBuffer in,
      ByteBuffer out,
      long offset,
      Shape shape,
      List<QuantParams> params,
      Granularity granularity) {
    quantizeSlice(in, out, offset, shape, params, granularity, limits(params), Rounding.DIVISION);
  }

  /**
   * Quantizes a flat row-major piece of a tensor: the pieces of any split, joined, are the bytes of
   * the whole.
   *
   * @param in the values of the piece: all remaining ones; advanced
   * @param out receives the codes, little-endian whatever its order; advanced
   * @param offset flat index of the first value in the tensor; even for codes of 4 bits
   * @param shape shape of the whole tensor
   * @throws IllegalArgumentException if parameters do not match the granularity, limits exceed the
   *     type, the piece is outside the shape or splits a byte, the output is too small, or a value
   *     is NaN and the type integer; only then may output be written
   */
  public static void quantizeSlice(
      FloatBuffer in,
      ByteBuffer out,
      long offset,
      Shape shape,
      List<QuantParams> params,
      Granularity granularity,
      Limits limits,
      Rounding rounding) {
    int length = in.remaining();
    ParamRuns runs = ParamRuns.of(shape, params, granularity, limits, rounding, offset, length);
    DType type = type(params);
    boolean halves = type.bits() < 8;
    if (halves && (offset % 2 != 0 || (length % 2 != 0 && offset + length < shape.size()))) {
      throw new IllegalArgumentException(
          "Cannot quantize %d values at %d of shape %s: two %s share a byte"
              .formatted(length, offset, shape, type));
    }
    if (out.remaining() < type.byteSize(length)) {
      throw new IllegalArgumentException(
          "Cannot quantize %d values to %s: %d bytes vs room for %d"
              .formatted(length, type, type.byteSize(length), out.remaining()));
    }
    float[] values = new float[Math.min(ParamRuns.CHUNK, length)];
    byte[] codes = new byte[values.length * (halves ? 1 : type.bytes())];
    for (int done = 0; done < length; done += values.length) {
      int n = Math.min(values.length, length - done);
      in.get(values, 0, n);
      if (!runs.next(n, (kernel, p, from, to) -> kernel.quantize(values, p, from, to, codes))) {
        throw notANumber(values, n, offset + done);
      }
      if (halves) {
        Codes.packHalves(codes, n);
      }
      out.put(codes, 0, (int) type.byteSize(n));
    }
  }

  /**
   * Dequantizes a quantized tensor.
   *
   * @return a FLOAT32 tensor of the same shape
   * @throws IllegalArgumentException if parameters do not match the granularity or the tensor's
   *     type
   */
  public static Tensor dequantize(Tensor q, List<QuantParams> params, Granularity granularity) {
    if (q.dtype() != type(params)) {
      throw new IllegalArgumentException(
          "Cannot dequantize a tensor of %s with parameters of %s"
              .formatted(q.dtype(), type(params)));
    }
    ByteBuffer out = allocate(q.shape(), DType.FLOAT32);
    dequantizeSlice(q.bytes(), out.asFloatBuffer(), 0, q.shape(), params, granularity);
    return Tensor.of(DType.FLOAT32, q.shape(), out);
  }

  /**
   * Dequantizes a flat row-major piece of a quantized tensor: the pieces of any split, joined, are
   * the whole.
   *
   * @param in the codes of the piece, little-endian: all remaining ones; advanced
   * @param out receives the numbers; advanced
   * @param offset flat index of the first value in the tensor; even for codes of 4 bits
   * @param shape shape of the whole tensor
   * @throws IllegalArgumentException if parameters do not match the granularity, the piece is
   *     outside the shape or splits a value, or the output is too small
   */
  public static void dequantizeSlice(
      ByteBuffer in,
      FloatBuffer out,
      long offset,
      Shape shape,
      List<QuantParams> params,
      Granularity granularity) {
    DType type = type(params);
    long most = in.remaining() * 8L / type.bits();
    // The last byte of a 4-bit tensor may contain one value.
    int length = (int) (type.bits() < 8 ? Math.min(most, shape.size() - offset) : most);
    if (type.byteSize(Math.max(length, 0)) != in.remaining() || out.remaining() < length) {
      throw new IllegalArgumentException(
          "Cannot dequantize %d bytes of %s at %d of shape %s: room for %d values"
              .formatted(in.remaining(), type, offset, shape, out.remaining()));
    }
    ParamRuns runs =
        ParamRuns.of(shape, params, granularity, limits(params), Rounding.DIVISION, offset, length);
    float[] values = new float[Math.min(ParamRuns.CHUNK, length)];
    int[] codes = new int[values.length];
    byte[] bytes = new byte[(int) type.byteSize(values.length)];
    for (int done = 0; done < length; done += values.length) {
      int n = Math.min(values.length, length - done);
      Codes.read(in, type, n, bytes, codes);
      runs.next(
          n,
          (kernel, p, from, to) -> {
            kernel.real(codes, p, from, to, values);
            return true;
          });
      out.put(values, 0, n);
    }
  }

  /** Fake-quantizes as ONNX does: division, and the type's limits. */
  public static Tensor fakeQuantize(Tensor x, List<QuantParams> params, Granularity granularity) {
    return fakeQuantize(x, params, granularity, limits(params), Rounding.DIVISION);
  }

  /**
   * Quantizes and dequantizes without the codes in between: bit for bit {@code
   * dequantize(quantize(x))}.
   *
   * @return a FLOAT32 tensor of the same shape
   * @throws IllegalArgumentException if parameters do not match the granularity, limits exceed the
   *     type, or a value is NaN and the type integer
   * @throws IllegalStateException if the tensor is not FLOAT32
   */
  public static Tensor fakeQuantize(
      Tensor x,
      List<QuantParams> params,
      Granularity granularity,
      Limits limits,
      Rounding rounding) {
    Shape shape = x.shape();
    FloatBuffer in = x.floats();
    ParamRuns runs = whole(shape, params, granularity, limits, rounding);
    ByteBuffer out = allocate(shape, DType.FLOAT32);
    FloatBuffer floats = out.asFloatBuffer();
    float[] values = new float[(int) Math.min(ParamRuns.CHUNK, shape.size())];
    while (in.hasRemaining()) {
      int done = in.position();
      int n = Math.min(values.length, in.remaining());
      in.get(values, 0, n);
      if (!runs.next(n, (kernel, p, from, to) -> kernel.fake(values, p, from, to))) {
        throw notANumber(values, n, done);
      }
      floats.put(values, 0, n);
    }
    return Tensor.of(DType.FLOAT32, shape, out);
  }

  private static ParamRuns whole(
      Shape shape,
      List<QuantParams> params,
      Granularity granularity,
      Limits limits,
      Rounding rounding) {
    return ParamRuns.of(shape, params, granularity, limits, rounding, 0, shape.size());
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
    int bytes = Math.toIntExact(type.byteSize(shape.size()));
    return ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }

  private static IllegalArgumentException notANumber(float[] values, int length, long offset) {
    int i = 0;
    while (i < length - 1 && !Float.isNaN(values[i])) {
      i++;
    }
    return new IllegalArgumentException("Cannot quantize NaN at flat index " + (offset + i));
  }
}
