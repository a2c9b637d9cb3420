package dev.tare.jobs.sql;

import dev.tare.engine.histogram.Distribution;
import dev.tare.engine.range.Quantiles;
import java.util.List;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;

/**
 * The share of finite values below low or above high: {@code clip_share} of (statistics, low,
 * high).
 *
 * @param columns positions of the columns in the struct
 */
record OutsideFunction(StatisticsColumns columns) implements OfStatistics {

  @Override
  public Object value(InternalRow arguments) {
    Distribution distribution = columns.statistics(columns.struct(arguments, 0)).distribution();
    PublishedFunction.requireHistogram(distribution);
    return SelectFunction.orNull(
        Quantiles.of(distribution).outside(arguments.getDouble(1), arguments.getDouble(2)));
  }

  @Override
  public Object produceResult(InternalRow arguments) {
    return call(arguments);
  }

  @Override
  public List<DataType> arguments() {
    return List.of(columns.type(), DataTypes.DoubleType, DataTypes.DoubleType);
  }

  @Override
  public DataType resultType() {
    return DataTypes.DoubleType;
  }

  @Override
  public String name() {
    return SelectFunction.Output.CLIP_SHARE.function();
  }
}
