package dev.tare.jobs.evaluate;

import dev.tare.engine.tensor.Sample;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.functions;

/**
 * Which part of a compensation a sample has, chosen by its content: the last four bits of SHA-256
 * of its hash, of which the first bits say whether it is held out from calibration.
 */
public enum SamplePart {
  /** Lines are found on it, and tried on the second half. */
  FIRST,
  /** Lines are found on it, and tried on the first half. */
  SECOND,
  /** One in four: the whole model is measured on it, and no line knows it. */
  MEASURED;

  private static final int DIGITS = 64;

  /** The part of a sample by its hash. */
  static SamplePart of(byte[] hash) {
    byte[] again = Sample.hash(hash);
    int digit = again[again.length - 1] & 0xf;
    return (digit & 6) == 0 ? MEASURED : (digit & 1) == 0 ? FIRST : SECOND;
  }

  /** Whether the sample of a {@code hash} column is of {@link #MEASURED}. */
  public static Column measured() {
    return functions
        .substring(functions.sha2(functions.col("hash"), 256), DIGITS, 1)
        .isin("0", "1", "8", "9");
  }
}
