package dev.tare.engine.onnx;

import dev.tare.engine.quant.Granularity;
import dev.tare.engine.quant.QuantParams;
import dev.tare.engine.tensor.Shape;
import dev.tare.engine.tensor.Tensor;
import java.nio.ByteBuffer;
import java.nio.IntBuffer;
import java.nio.LongBuffer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** A tensor of integers, row-major: codes less their zero points, or sums of products of such. */
public final class Integers {

  private final Shape shape;
  private final int[] values;

  public Integers(Shape shape, int[] values) {
    if (values.length != shape.size()) {
      throw new IllegalArgumentException(values.length + " integers for shape " + shape);
    }
    this.shape = shape;
    this.values = values;
  }

  /** Codes of 8 or 32 bits, each less the zero point of its channel. */
  public static Integers centred(Tensor codes, List<QuantParams> params, Granularity granularity) {
    Shape shape = codes.shape();
    int axis = granularity.axis().orElse(-1);
    long inner = axis < 0 ? shape.size() : shape.stride(axis);
    ByteBuffer bytes = codes.bytes();
    int[] values = new int[(int) shape.size()];
    for (int i = 0; i < values.length; i++) {
      int code =
          switch (codes.dtype()) {
            case UINT8 -> bytes.get() & 0xff;
            case INT8 -> bytes.get();
            case INT32 -> bytes.getInt();
            default -> throw new IllegalArgumentException("Not simulated: " + codes.dtype());
          };
      values[i] = code - params.get((int) (i / inner % params.size())).zeroPoint();
    }
    return new Integers(shape, values);
  }

  public Shape shape() {
    return shape;
  }

  /** The values themselves, not a copy. */
  public int[] values() {
    return values;
  }

  public int dim(int axis) {
    return (int) shape.dim(axis);
  }

  /** The largest magnitude. */
  long largest() {
    long largest = 0;
    for (int value : values) {
      largest = Math.max(largest, Math.abs((long) value));
    }
    return largest;
  }

  /** The two axes of a matrix exchanged. */
  public Integers transposed() {
    int rows = dim(0);
    int columns = dim(1);
    int[] turned = new int[values.length];
    for (int i = 0; i < values.length; i++) {
      turned[i % columns * rows + i / columns] = values[i];
    }
    return new Integers(Shape.of(columns, rows), turned);
  }

  /** With a channel's number added to each of its values; refuses what int32 cannot hold. */
  public Integers plus(IntBuffer ofChannels, int axis) {
    long inner = shape.stride(axis);
    int[] sums = new int[values.length];
    for (int i = 0; i < sums.length; i++) {
      sums[i] = Math.addExact(values[i], ofChannels.get((int) (i / inner % ofChannels.limit())));
    }
    return new Integers(shape, sums);
  }

  /** As float32, times the float32 scale of the channel: two roundings. */
  public float[] scaled(float[] ofChannels, int axis) {
    long inner = shape.stride(axis);
    float[] scaled = new float[values.length];
    for (int i = 0; i < scaled.length; i++) {
      scaled[i] = (float) values[i] * ofChannels[(int) (i / inner % ofChannels.length)];
    }
    return scaled;
  }

  /** The rows of a table that indices name, negative ones from the end. */
  public Integers rows(Tensor indices) {
    int width = (int) shape.stride(0);
    int[] taken = new int[(int) indices.shape().size() * width];
    LongBuffer ids = indices.bytes().asLongBuffer();
    for (int row = 0; row < taken.length / width; row++) {
      System.arraycopy(values, index(ids.get(row)) * width, taken, row * width, width);
    }
    List<Long> dims = new ArrayList<>(indices.shape().dims());
    dims.addAll(shape.dims().subList(1, shape.rank()));
    return new Integers(new Shape(Collections.unmodifiableList(dims)), taken);
  }

  private int index(long id) {
    return (int) (id < 0 ? id + shape.dim(0) : id);
  }
}
