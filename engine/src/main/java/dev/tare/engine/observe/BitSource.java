package dev.tare.engine.observe;

/** The values of a tensor in row-major order, as bits. */
@FunctionalInterface
interface BitSource {

  /** Copies the bits of consecutive values. */
  void read(int position, int[] into, int offset, int length);
}
