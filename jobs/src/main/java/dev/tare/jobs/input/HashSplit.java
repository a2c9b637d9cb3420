package dev.tare.jobs.input;

import dev.tare.engine.tensor.Sample;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.functions;

/**
 * Holds samples out by content: those for whose hash h the first 8 bytes of SHA-256(h), big-endian
 * and unsigned, are below fraction x 2^64.
 *
 * <p>Equal samples are on the same side, and a sample is on the same side in every run and every
 * subset. The second hash makes the split independent of {@link Sampling}, which orders by the
 * first.
 *
 * @param fraction expected share of samples held out, in [0, 1)
 */
public record HashSplit(double fraction) {

  /** One sample in five. */
  public static final HashSplit DEFAULT = new HashSplit(0.2);

  public HashSplit {
    if (!(fraction >= 0 && fraction < 1)) {
      throw new IllegalArgumentException("Invalid held-out share " + fraction + ": not in [0, 1)");
    }
  }

  private long threshold() {
    return new BigDecimal(fraction)
        .multiply(new BigDecimal(BigInteger.ONE.shiftLeft(64)))
        .toBigInteger()
        .longValue();
  }

  /**
   * Whether a sample is held out.
   *
   * @param hash {@link Sample#hash} of its encoding
   */
  public boolean heldOut(byte[] hash) {
    long first = ByteBuffer.wrap(Sample.hash(hash)).order(ByteOrder.BIG_ENDIAN).getLong();
    return Long.compareUnsigned(first, threshold()) < 0;
  }

  /** The same as a column, of the {@code hash} column of {@link SampleRows}. */
  public Column heldOut(Column hash) {
    Column first = functions.substring(functions.sha2(hash, 256), 1, 16);
    return first.lt(functions.lit("%016x".formatted(threshold())));
  }
}
