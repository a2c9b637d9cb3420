package dev.tare.engine.safetensors;

import java.util.Arrays;
import java.util.Optional;

/**
 * Element types of safetensors that are whole bytes, by their names in a header. Types of 4 and 6
 * bits and complex numbers are not among them.
 */
public enum ElementType {
  F64(8),
  F32(4),
  F16(2),
  BF16(2),
  F8_E4M3(1),
  F8_E5M2(1),
  /** An exponent alone, as scales of the MX formats have. */
  F8_E8M0(1),
  I64(8),
  I32(4),
  I16(2),
  I8(1),
  U64(8),
  U32(4),
  U16(2),
  U8(1),
  BOOL(1);

  private final int bytes;

  ElementType(int bytes) {
    this.bytes = bytes;
  }

  /** Bytes of one element. */
  public int bytes() {
    return bytes;
  }

  /** Whether weights of this type are quantized: float32 has each of their values. */
  public boolean quantizable() {
    return this == F32 || this == F16 || this == BF16;
  }

  static Optional<ElementType> named(String name) {
    return Arrays.stream(values()).filter(type -> type.name().equals(name)).findFirst();
  }
}
