package dev.tare.jobs.run;

import dev.tare.jobs.TareException;
import dev.tare.jobs.cli.DataOptions;
import dev.tare.jobs.cli.RunOptions;
import dev.tare.jobs.input.HashSplit;
import dev.tare.jobs.model.ModelHandle;
import java.io.IOException;
import java.util.Optional;
import java.util.OptionalInt;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.functions;

/** Rows that calibration does not see: data of their own, or a split by hash. */
record EvaluationData(StageData data, boolean own) {

  static EvaluationData open(
      HeldInputs held, ModelHandle model, RunOptions options, StageData calibration)
      throws IOException {
    if (options.evalData().isEmpty()) {
      return new EvaluationData(calibration, false);
    }
    DataOptions d = options.data();
    DataOptions eval =
        new DataOptions(
            options.evalData().get(),
            d.format(),
            d.textColumn(),
            d.tokenizer(),
            d.maxLength(),
            OptionalInt.of(options.evalSamples()),
            d.partitions(),
            d.batchSize(),
            d.images(),
            d.maxBadRows());
    return new EvaluationData(held.data(model, eval), true);
  }

  Optional<Column> calibrationCondition() {
    return own
        ? Optional.empty()
        : Optional.of(functions.not(HashSplit.DEFAULT.heldOut(functions.col("hash"))));
  }

  Dataset<Row> samples(RunOptions options) {
    OptionalInt n = OptionalInt.of(options.evalSamples());
    if (own) {
      data.check(options.data().maxBadRows());
      return data.select(Optional.empty(), n);
    }
    return data.select(Optional.of(HashSplit.DEFAULT.heldOut(functions.col("hash"))), n);
  }

  /** Few rows may all fall on one side of the split. */
  void requireBothParts() {
    Column heldOut = HashSplit.DEFAULT.heldOut(functions.col("hash"));
    if (!own) {
      requireSome(heldOut, "evaluate on");
      requireSome(functions.not(heldOut), "calibrate on");
    }
  }

  private void requireSome(Column condition, String purpose) {
    if (data.select(Optional.of(condition), OptionalInt.empty()).isEmpty()) {
      throw TareException.badInput(
          "The split by hash leaves no row of %s to %s: it has %d samples; give more, or rows of their own by --eval-data"
              .formatted(data.uri(), purpose, data.report().samples()));
    }
  }

  Optional<StageData> ownData() {
    return own ? Optional.of(data) : Optional.empty();
  }

  String description() {
    return own
        ? "data of its own: " + data.uri()
        : "one row in five of the calibration data, chosen by hash and not calibrated on";
  }
}
