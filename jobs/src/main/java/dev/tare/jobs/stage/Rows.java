package dev.tare.jobs.stage;

import dev.tare.jobs.input.HashSplit;
import java.util.Optional;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.functions;

/** Which rows of its data a stage uses. */
public enum Rows {
  /** All rows. */
  ALL,
  /** Those that are not held out for evaluation. */
  CALIBRATION,
  /** One in five, chosen by hash, that calibration does not see. */
  HELD_OUT;

  /** The condition on the hash column; empty for all. */
  public Optional<Column> condition() {
    Column heldOut = HashSplit.DEFAULT.heldOut(functions.col("hash"));
    return switch (this) {
      case ALL -> Optional.empty();
      case CALIBRATION -> Optional.of(functions.not(heldOut));
      case HELD_OUT -> Optional.of(heldOut);
    };
  }
}
