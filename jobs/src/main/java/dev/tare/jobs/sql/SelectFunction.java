package dev.tare.jobs.sql;

import dev.tare.engine.histogram.Distribution;
import dev.tare.engine.quant.ExpectedError;
import dev.tare.engine.quant.QuantParams;
import dev.tare.engine.range.MinMax;
import dev.tare.engine.range.Range;
import dev.tare.engine.range.RangeSelector;
import dev.tare.engine.range.Target;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.GenericInternalRow;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/**
 * What {@code tare select} would choose for a row, or predict for it: {@code range}, {@code scale},
 * {@code zero_point}, {@code clip_share}, {@code sqnr} of (statistics, type, method).
 *
 * @param output the figure to compute
 * @param columns positions of the columns in the struct
 * @param hasMethod whether a method is given; the default is min-max
 */
record SelectFunction(Output output, StatisticsColumns columns, boolean hasMethod)
    implements OfStatistics, CheckedWords {

  private static final StructType RANGE =
      new StructType()
          .add("low", DataTypes.FloatType, false)
          .add("high", DataTypes.FloatType, false);

  /** Figures of a decision. */
  enum Output {
    RANGE,
    SCALE,
    ZERO_POINT,
    CLIP_SHARE,
    SQNR;

    DataType type() {
      return switch (this) {
        case RANGE -> SelectFunction.RANGE;
        case SCALE -> DataTypes.FloatType;
        case ZERO_POINT -> DataTypes.IntegerType;
        case CLIP_SHARE, SQNR -> DataTypes.DoubleType;
      };
    }

    String function() {
      return name().toLowerCase(Locale.ROOT);
    }

    Object of(Range range, QuantParams params, Distribution distribution) {
      return switch (this) {
        case RANGE -> new GenericInternalRow(new Object[] {range.low(), range.high()});
        case SCALE -> params.scale();
        case ZERO_POINT -> params.zeroPoint();
        // ONNX saturates at the limits of the type, narrow or not; the plan predicts the same.
        case CLIP_SHARE -> orNull(ExpectedError.of(distribution, params).clippedShare());
        case SQNR -> orNull(ExpectedError.of(distribution, params).sqnrDb());
      };
    }
  }

  /** A number, or null if it is not known. */
  static Double orNull(double number) {
    return Double.isNaN(number) ? null : number;
  }

  @Override
  public Object value(InternalRow arguments) {
    Target target = TypeText.parse(arguments.getUTF8String(1).toString());
    RangeSelector method =
        hasMethod
            ? RangeSelector.parse(arguments.getUTF8String(2).toString().trim())
            : new MinMax();
    Distribution distribution = columns.statistics(columns.struct(arguments, 0)).distribution();
    if (Float.isNaN(distribution.min())) {
      return null;
    }
    Range range = method.select(distribution, target);
    if (output == Output.CLIP_SHARE || output == Output.SQNR) {
      PublishedFunction.requireHistogram(distribution);
    }
    return output.of(range, target.params(range), distribution);
  }

  @Override
  public void check(List<Optional<String>> words) {
    words.get(1).ifPresent(TypeText::parse);
    if (hasMethod) {
      words.get(2).map(String::trim).ifPresent(RangeSelector::parse);
    }
  }

  @Override
  public Object produceResult(InternalRow arguments) {
    return call(arguments);
  }

  @Override
  public List<DataType> arguments() {
    return hasMethod
        ? List.of(columns.type(), DataTypes.StringType, DataTypes.StringType)
        : List.of(columns.type(), DataTypes.StringType);
  }

  @Override
  public DataType resultType() {
    return output.type();
  }

  @Override
  public String name() {
    return output.function();
  }
}
