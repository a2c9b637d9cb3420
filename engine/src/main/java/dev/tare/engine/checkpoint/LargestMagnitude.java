package dev.tare.engine.checkpoint;

import dev.tare.engine.safetensors.ElementType;

/**
 * Finds the largest magnitude of a weight, from which the scale of the whole tensor follows, some
 * of its bytes after the other. Values that are not finite do not count: they are refused where
 * they are quantized. Not thread-safe; confined to one task.
 */
public final class LargestMagnitude {

  private final ElementType type;
  private float[] values = new float[0];
  private float largest;

  /**
   * @param type F32, F16 or BF16
   */
  public LargestMagnitude(ElementType type) {
    this.type = type;
  }

  /** Adds little-endian values. */
  public void add(byte[] bytes, int length) {
    int count = length / type.bytes();
    values = values.length < count ? new float[count] : values;
    StoredFloats.decode(type, bytes, length, values);
    for (int i = 0; i < count; i++) {
      float magnitude = Math.abs(values[i]);
      if (magnitude > largest && magnitude <= Float.MAX_VALUE) {
        largest = magnitude;
      }
    }
  }

  /** The largest so far; 0 if there is none. */
  public float value() {
    return largest;
  }
}
