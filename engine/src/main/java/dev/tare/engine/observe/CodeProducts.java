package dev.tare.engine.observe;

/**
 * Multiplies codes: what a {@link GramObserver} leaves to a runtime that has kernels for integers.
 *
 * <p>Law: sums are exact, so all implementations give the same. Not thread-safe.
 */
public interface CodeProducts extends AutoCloseable {

  /** Vectors of one call at most, for which sums of any codes fit into an int with space left. */
  int MAX_VECTORS = 4096;

  /**
   * Adds the products of each vector's codes with each other.
   *
   * @param codes vectors of codes, one after the other, the codes of a vector adjacent
   * @param vectors how many there are, at most {@link #MAX_VECTORS}
   * @param channels codes of a vector
   * @param upper row i has the sums for channel i with itself and all later ones
   * @throws ArithmeticException if a sum overflows a long
   */
  void add(byte[] codes, int vectors, int channels, long[][] upper);

  /** Bytes outside the heap, or for a while in it, that a call takes at most. */
  static long bytesBeside(int channels) {
    // Codes, their transpose and copies that kernels pack, beside the sums.
    return 4L * MAX_VECTORS * channels + 2L * channels * channels * Integer.BYTES;
  }

  @Override
  void close();
}
