package dev.tare.jobs.sql;

import dev.tare.engine.histogram.Distribution;
import dev.tare.engine.range.Quantiles;
import java.util.List;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.UnsafeArrayData;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;

/**
 * The value that a given share of the finite values is below: {@code quantile} of (statistics,
 * share), or of an array of shares.
 *
 * @param columns positions of the columns in the struct
 * @param several whether the shares, and so the result, are an array
 */
record QuantileFunction(StatisticsColumns columns, boolean several) implements OfStatistics {

  @Override
  public Object value(InternalRow arguments) {
    Distribution distribution = columns.statistics(columns.struct(arguments, 0)).distribution();
    if (Float.isNaN(distribution.min())) {
      return null;
    }
    PublishedFunction.requireHistogram(distribution);
    Quantiles quantiles = Quantiles.of(distribution);
    if (!several) {
      return (float) quantiles.at(arguments.getDouble(1));
    }
    double[] shares = arguments.getArray(1).toDoubleArray();
    float[] points = new float[shares.length];
    for (int i = 0; i < shares.length; i++) {
      points[i] = (float) quantiles.at(shares[i]);
    }
    return UnsafeArrayData.fromPrimitiveArray(points);
  }

  @Override
  public Object produceResult(InternalRow arguments) {
    return call(arguments);
  }

  @Override
  public List<DataType> arguments() {
    return List.of(
        columns.type(),
        several ? DataTypes.createArrayType(DataTypes.DoubleType, false) : DataTypes.DoubleType);
  }

  @Override
  public DataType resultType() {
    return several ? DataTypes.createArrayType(DataTypes.FloatType, false) : DataTypes.FloatType;
  }

  @Override
  public String name() {
    return "quantile";
  }
}
