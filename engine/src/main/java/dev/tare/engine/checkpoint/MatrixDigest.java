package dev.tare.engine.checkpoint;

import dev.tare.engine.safetensors.ElementType;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/**
 * Hash of the values of a matrix [out, in] as float32, row by row, in whatever type and order they
 * are stored: equal values have equal hashes, and -0 is another value than 0. Not thread-safe.
 */
public final class MatrixDigest {

  private static final int CHUNK = 1 << 14;

  private final MessageDigest digest;
  private final ByteBuffer chunk =
      ByteBuffer.allocate(CHUNK * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
  private float[] values = new float[0];

  public MatrixDigest() {
    try {
      this.digest = MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("Every Java platform has SHA-256", e);
    }
  }

  /**
   * The hash of a matrix in memory.
   *
   * @param rows of the matrix as it is stored
   * @param transposed whether it is stored as [in, out]
   */
  public static String of(FloatBuffer stored, int rows, int columns, boolean transposed) {
    MatrixDigest digest = new MatrixDigest();
    int outs = transposed ? columns : rows;
    int ins = transposed ? rows : columns;
    for (int out = 0; out < outs; out++) {
      for (int in = 0; in < ins; in++) {
        digest.put(stored.get(transposed ? in * columns + out : out * columns + in));
      }
    }
    return digest.sha256();
  }

  /**
   * Adds values as a checkpoint stores them, little-endian.
   *
   * @param type F32, F16 or BF16
   */
  public void add(ElementType type, byte[] bytes, int length) {
    int count = length / type.bytes();
    values = values.length < count ? new float[count] : values;
    StoredFloats.decode(type, bytes, length, values);
    for (int i = 0; i < count; i++) {
      put(values[i]);
    }
  }

  private void put(float value) {
    if (!chunk.hasRemaining()) {
      drain();
    }
    chunk.putFloat(value);
  }

  private void drain() {
    digest.update(chunk.flip());
    chunk.clear();
  }

  /** The hash of everything that was added, in hexadecimal. */
  public String sha256() {
    drain();
    return HexFormat.of().formatHex(digest.digest());
  }
}
