package dev.tare.engine.tensor;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;

/**
 * An immutable dense tensor: element type, shape, and values in row-major order, little-endian.
 *
 * <p>Equality is by content: two tensors are equal when type, shape and every byte agree.
 */
public final class Tensor {

  private final DType dtype;
  private final Shape shape;
  private final ByteBuffer data;

  private Tensor(DType dtype, Shape shape, ByteBuffer data) {
    this.dtype = dtype;
    this.shape = shape;
    this.data = data;
  }

  /**
   * Creates a tensor over the remaining bytes of a buffer, which must not change afterwards.
   *
   * @throws IllegalArgumentException if the bytes are not exactly those of the shape
   */
  public static Tensor of(DType dtype, Shape shape, ByteBuffer littleEndian) {
    long expected = dtype.byteSize(shape.size());
    if (littleEndian.remaining() != expected) {
      throw new IllegalArgumentException(
          "Invalid tensor of type %s and shape %s: %d bytes instead of %d"
              .formatted(dtype, shape, littleEndian.remaining(), expected));
    }
    return new Tensor(dtype, shape, littleEndian.slice().asReadOnlyBuffer());
  }

  public static Tensor ofFloats(Shape shape, float... values) {
    ByteBuffer bytes = ByteBuffer.allocate(values.length * 4).order(ByteOrder.LITTLE_ENDIAN);
    bytes.asFloatBuffer().put(values);
    return of(DType.FLOAT32, shape, bytes);
  }

  public static Tensor ofLongs(Shape shape, long... values) {
    ByteBuffer bytes = ByteBuffer.allocate(values.length * 8).order(ByteOrder.LITTLE_ENDIAN);
    bytes.asLongBuffer().put(values);
    return of(DType.INT64, shape, bytes);
  }

  public DType dtype() {
    return dtype;
  }

  public Shape shape() {
    return shape;
  }

  /** Returns a new read-only little-endian view of all bytes. */
  public ByteBuffer bytes() {
    return data.duplicate().order(ByteOrder.LITTLE_ENDIAN);
  }

  /**
   * A read-only view of the values.
   *
   * @throws IllegalStateException if the type is not FLOAT32
   */
  public FloatBuffer floats() {
    if (dtype != DType.FLOAT32) {
      throw new IllegalStateException("Cannot read " + dtype + " as FLOAT32");
    }
    return bytes().asFloatBuffer();
  }

  /** Returns a copy of the values. */
  public float[] toFloatArray() {
    float[] values = new float[Math.toIntExact(shape.size())];
    floats().get(values);
    return values;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Tensor that
        && dtype == that.dtype
        && shape.equals(that.shape)
        && data.equals(that.data);
  }

  @Override
  public int hashCode() {
    return 31 * (31 * dtype.hashCode() + shape.hashCode()) + data.hashCode();
  }

  @Override
  public String toString() {
    return "Tensor[" + dtype + " " + shape + "]";
  }
}
