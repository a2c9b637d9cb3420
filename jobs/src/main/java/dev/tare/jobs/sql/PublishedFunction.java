package dev.tare.jobs.sql;

import dev.tare.engine.histogram.Distribution;
import dev.tare.engine.quant.ExpectedError;
import dev.tare.engine.quant.QuantParams;
import java.util.List;
import java.util.Optional;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;

/**
 * The error of values with a given scale and zero point, such as those of a plan: {@code
 * clip_share} and {@code sqnr} of (statistics, type, scale, zero point).
 *
 * @param output clip_share or sqnr
 * @param columns positions of the columns in the struct
 */
record PublishedFunction(SelectFunction.Output output, StatisticsColumns columns)
    implements OfStatistics, CheckedWords {

  @Override
  public Object value(InternalRow arguments) {
    QuantParams params =
        new QuantParams(
            TypeText.parse(arguments.getUTF8String(1).toString()).type(),
            arguments.getFloat(2),
            arguments.getInt(3));
    Distribution distribution = columns.statistics(columns.struct(arguments, 0)).distribution();
    requireHistogram(distribution);
    ExpectedError error = ExpectedError.of(distribution, params);
    return SelectFunction.orNull(
        output == SelectFunction.Output.SQNR ? error.sqnrDb() : error.clippedShare());
  }

  /** Extremes without a histogram are not enough to compute errors. */
  static void requireHistogram(Distribution distribution) {
    if (distribution.isEmpty() && !Float.isNaN(distribution.min())) {
      throw new IllegalArgumentException(
          "only the extremes [%s, %s] were kept, no histogram: add WHERE mantissa_bits IS NOT NULL"
              .formatted(distribution.min(), distribution.max()));
    }
  }

  @Override
  public void check(List<Optional<String>> words) {
    words.get(1).ifPresent(TypeText::parse);
  }

  @Override
  public Object produceResult(InternalRow arguments) {
    return call(arguments);
  }

  @Override
  public List<DataType> arguments() {
    return List.of(
        columns.type(), DataTypes.StringType, DataTypes.FloatType, DataTypes.IntegerType);
  }

  @Override
  public DataType resultType() {
    return DataTypes.DoubleType;
  }

  @Override
  public String name() {
    return output.function();
  }
}
