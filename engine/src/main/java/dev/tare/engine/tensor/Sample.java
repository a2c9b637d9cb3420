package dev.tare.engine.tensor;

import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Collections;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * One input of a model: a tensor for each model input, without the batch dimension.
 *
 * <p>The canonical encoding, version 1, is little-endian and sorts inputs by name:
 *
 * <pre>
 * byte   version, always 1
 * int32  number of inputs
 * per input:
 *   int32  length of the name in UTF-8, then its bytes
 *   int32  number of the element type, as {@code SampleTypes} has them
 *   int32  rank, then rank x int64 sizes
 *   bytes  values, row-major
 * </pre>
 *
 * Its SHA-256 is the sample's identity: {@code --samples N} keeps the N smallest, and the split of
 * held-out rows uses it. Equal samples are therefore on the same side of a split.
 *
 * @param inputs tensors by input name
 */
public record Sample(SortedMap<String, Tensor> inputs) {

  private static final byte VERSION = 1;
  private static final int MAX_RANK = 64;

  public Sample {
    inputs = Collections.unmodifiableSortedMap(new TreeMap<>(inputs));
  }

  public static Sample of(Map<String, Tensor> inputs) {
    return new Sample(new TreeMap<>(inputs));
  }

  /** Encodes the sample as the type comment describes. */
  public byte[] encode() {
    int size = 5;
    for (Map.Entry<String, Tensor> entry : inputs.entrySet()) {
      int name = entry.getKey().getBytes(StandardCharsets.UTF_8).length;
      Tensor tensor = entry.getValue();
      int header = 4 + name + 8 + 8 * tensor.shape().rank();
      size = Math.addExact(size, Math.addExact(header, tensor.bytes().remaining()));
    }
    ByteBuffer out = ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
    out.put(VERSION).putInt(inputs.size());
    inputs.forEach(
        (name, tensor) -> {
          byte[] utf8 = name.getBytes(StandardCharsets.UTF_8);
          out.putInt(utf8.length).put(utf8);
          out.putInt(SampleTypes.code(tensor.dtype())).putInt(tensor.shape().rank());
          tensor.shape().dims().forEach(out::putLong);
          out.put(tensor.bytes());
        });
    return out.array();
  }

  /**
   * Decodes a sample; its tensors share the array.
   *
   * @throws IllegalArgumentException if the bytes are not such an encoding
   */
  public static Sample decode(byte[] encoded) {
    ByteBuffer in = ByteBuffer.wrap(encoded).order(ByteOrder.LITTLE_ENDIAN);
    try {
      byte version = in.get();
      if (version != VERSION) {
        throw new IllegalArgumentException("Cannot decode a sample of version " + version);
      }
      int count = checked(in.getInt(), in.remaining(), "number of inputs");
      TreeMap<String, Tensor> inputs = new TreeMap<>();
      for (int i = 0; i < count; i++) {
        byte[] utf8 = new byte[checked(in.getInt(), in.remaining(), "name length")];
        in.get(utf8);
        String name = new String(utf8, StandardCharsets.UTF_8);
        if (!inputs.isEmpty() && inputs.lastKey().compareTo(name) >= 0) {
          throw new IllegalArgumentException(
              "Cannot decode a sample: input '%s' after '%s'".formatted(name, inputs.lastKey()));
        }
        DType dtype = SampleTypes.of(in.getInt());
        long[] dims = new long[checked(in.getInt(), MAX_RANK, "rank")];
        for (int axis = 0; axis < dims.length; axis++) {
          dims[axis] = in.getLong();
        }
        Shape shape = Shape.of(dims);
        int bytes = Math.toIntExact(dtype.byteSize(shape.size()));
        ByteBuffer values = in.slice().limit(checked(bytes, in.remaining(), "tensor length"));
        in.position(in.position() + bytes);
        inputs.put(name, Tensor.of(dtype, shape, values));
      }
      if (in.hasRemaining()) {
        throw new IllegalArgumentException(
            "Cannot decode a sample: " + in.remaining() + " bytes left over");
      }
      return new Sample(inputs);
    } catch (BufferUnderflowException | ArithmeticException e) {
      throw new IllegalArgumentException("Cannot decode a sample: truncated or too large", e);
    }
  }

  private static int checked(int value, int max, String what) {
    if (value < 0 || value > max) {
      throw new IllegalArgumentException("Cannot decode a sample: " + what + " " + value);
    }
    return value;
  }

  /** SHA-256 of an encoding: 32 bytes. */
  public static byte[] hash(byte[] encoded) {
    try {
      return MessageDigest.getInstance("SHA-256").digest(encoded);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("Every Java platform has SHA-256", e);
    }
  }

  /** Returns types and shapes of all inputs as text: samples with equal keys can share a batch. */
  public String shapeKey() {
    StringBuilder key = new StringBuilder();
    inputs.forEach(
        (name, tensor) ->
            key.append(name).append(':').append(tensor.dtype()).append(tensor.shape()).append(' '));
    return key.toString();
  }
}
