package dev.tare.jobs.input;

import dev.tare.engine.tensor.DType;
import dev.tare.engine.tensor.Dim;
import dev.tare.engine.tensor.Sample;
import dev.tare.engine.tensor.Shape;
import dev.tare.engine.tensor.Tensor;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Removes padding on the right from a sample, where {@code attention_mask} is 0.
 *
 * <p>It trims every axis with the mask's symbolic name, and the axis of inputs with a single axis
 * whose length equals the mask's. A fixed size is kept, since the model accepts no other.
 */
final class Padding {

  static final String MASK = "attention_mask";

  private Padding() {}

  /** Whether the model has a mask that can be read: one axis of integers or booleans. */
  private static Optional<InputSpec> mask(ModelInputs inputs) {
    return inputs.find(MASK).filter(spec -> spec.rank() == 1 && !spec.dtype().isFloat());
  }

  /**
   * @param sample one that fits the inputs
   * @throws BadRowException if the mask is not one or more 1 followed by any number of 0
   */
  static Sample trim(ModelInputs inputs, Sample sample) throws BadRowException {
    Optional<InputSpec> spec = mask(inputs);
    if (spec.isEmpty()) {
      return sample;
    }
    Tensor mask = sample.inputs().get(MASK);
    long length = mask.shape().dim(0);
    long kept = leadingOnes(mask);
    Dim dim = spec.get().dims().get(0);
    if (kept == length || dim instanceof Dim.Fixed) {
      return sample;
    }
    SortedMap<String, Tensor> trimmed = new TreeMap<>();
    for (InputSpec input : inputs.specs()) {
      Tensor tensor = sample.inputs().get(input.name());
      trimmed.put(input.name(), corner(tensor, newShape(input, tensor, dim, length, kept)));
    }
    return new Sample(trimmed);
  }

  private static long leadingOnes(Tensor mask) throws BadRowException {
    ByteBuffer bytes = mask.bytes();
    int length = Math.toIntExact(mask.shape().size());
    int ones = 0;
    for (int i = 0; i < length; i++) {
      long value = Values.integerAt(mask, bytes, i);
      if (value != 0 && value != 1) {
        throw refused("contains " + value + " at element " + i);
      }
      if (value == 1 && ones < i) {
        throw refused("is 0 at element " + ones + " and 1 at element " + i);
      }
      ones += (int) value;
    }
    if (ones == 0) {
      throw refused("is 0 everywhere");
    }
    return ones;
  }

  private static BadRowException refused(String what) {
    return new BadRowException(
        Reason.ATTENTION_MASK,
        "input '" + MASK + "' " + what + "; only padding on the right can be trimmed");
  }

  private static Shape newShape(
      InputSpec input, Tensor tensor, Dim maskDim, long length, long kept) {
    List<Long> sizes = new ArrayList<>();
    for (int axis = 0; axis < input.rank(); axis++) {
      long size = tensor.shape().dim(axis);
      Dim dim = input.dims().get(axis);
      boolean named = maskDim instanceof Dim.Symbol && dim.equals(maskDim);
      boolean alike = input.rank() == 1 && size == length && !(dim instanceof Dim.Fixed);
      sizes.add(named || alike ? kept : size);
    }
    return new Shape(sizes);
  }

  /** The elements whose indices are inside a smaller shape of the same rank. */
  private static Tensor corner(Tensor tensor, Shape shape) {
    if (shape.equals(tensor.shape())) {
      return tensor;
    }
    DType dtype = tensor.dtype();
    ByteBuffer out = ByteBuffer.allocate(Math.toIntExact(shape.size() * dtype.bytes()));
    copy(tensor, shape, 0, 0, out);
    return Tensor.of(dtype, shape, out.flip());
  }

  private static void copy(Tensor tensor, Shape shape, int axis, long offset, ByteBuffer out) {
    long stride = tensor.shape().stride(axis);
    if (axis == shape.rank() - 1) {
      int bytes = tensor.dtype().bytes();
      int from = Math.toIntExact(offset * bytes);
      out.put(tensor.bytes().slice(from, Math.toIntExact(shape.dim(axis) * bytes)));
      return;
    }
    for (long i = 0; i < shape.dim(axis); i++) {
      copy(tensor, shape, axis + 1, offset + i * stride, out);
    }
  }
}
