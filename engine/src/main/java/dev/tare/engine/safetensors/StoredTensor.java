package dev.tare.engine.safetensors;

/**
 * A tensor and where it is in its file.
 *
 * @param begin its first byte, counted from the first byte of the file
 */
public record StoredTensor(TensorSpec spec, long begin) {

  /** The byte after its last one. */
  public long end() {
    return begin + spec.bytes();
  }

  public String name() {
    return spec.name();
  }
}
